// <speech-player job="ID">: hears a job while it is made, then seeks in the finished file.
//
// Attributes: `job`; `autoplay`; `finished` (the file is there already); `remember` (keep the job
// in the page's address); `file` (where the finished file is, if not in its usual place). State for
// others to read: data-state (waiting, playing, ended, error), data-paused, data-first-sound-ms,
// data-level (0 to 1, what the loudspeaker is given).

import { HOME, Live, pause } from "./live.js";

const RATE = 24000;
const LEAD = 0.06; // Seconds between scheduling and sounding.
const REBUFFER = 0.4; // Seconds gathered after a gap, so that a slow engine does not stutter.
const AHEAD = 6; // Seconds scheduled at most.
const HOARD = 20 * 60; // Seconds fetched ahead of what is heard at most.

let context = null;
let pressedAt = null;

function audioContext() {
  context ??= new AudioContext({ sampleRate: RATE });
  return context;
}

// Browsers let sound begin only from a gesture, and the job's id comes after it.
document.addEventListener(
  "click",
  (event) => {
    if (!event.target.closest?.(".speech-start")) return;
    pressedAt = performance.now();
    audioContext().resume();
  },
  true,
);

function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

class SpeechPlayer extends HTMLElement {
  static observedAttributes = ["job", "file", "finished"];

  // Gradio gives the element of one job to the next: it takes what is in it out, and changes what
  // is written on it, in one go.
  attributeChangedCallback() {
    if (!this.job || this.renewing) return;
    this.renewing = true;
    setTimeout(() => {
      this.renewing = false;
      if (!this.isConnected) return;
      this.disconnectedCallback();
      this.gain = this.analyser = this.element = null;
      for (const name of ["firstSoundMs", "level"]) delete this.dataset[name];
      this.connectedCallback();
    });
  }

  connectedCallback() {
    this.job = this.getAttribute("job");
    this.innerHTML = `
      <button type="button" class="play" aria-label="Play"></button>
      <input type="range" min="0" max="0" step="0.01" value="0" disabled aria-label="Position">
      <span class="time">0:00</span>
      <meter class="level" min="0" max="1" value="0" aria-label="Level"></meter>
      <span class="said" role="status"></span>
      <audio preload="metadata"></audio>`;
    this.button = this.querySelector("button");
    this.range = this.querySelector("input");
    this.time = this.querySelector(".time");
    this.meter = this.querySelector("meter");
    this.said = this.querySelector(".said");
    this.audio = this.querySelector("audio");
    this.file = this.getAttribute("file") ?? new URL(`audio/${this.job}.wav`, HOME);
    this.next = null;
    this.waiting = []; // Pieces that are fetched and not yet scheduled.
    this.nodes = new Set();
    this.received = 0;
    this.scheduled = 0;
    this.complete = false;
    this.over = false;
    this.source = "live";
    this.wanted = this.hasAttribute("autoplay");
    this.pressedAt = this.wanted ? (pressedAt ?? performance.now()) : null;
    pressedAt = null;
    this.button.addEventListener("click", () => this.toggle());
    this.range.addEventListener("input", () => this.seek(Number(this.range.value)));
    this.addEventListener("keydown", (event) => this.key(event));
    for (const name of ["play", "pause", "ended", "error"])
      this.audio.addEventListener(name, () => this.heardFile(name));
    this.state("waiting");
    if (this.hasAttribute("remember")) this.remember();
    if (this.hasAttribute("finished")) {
      this.complete = this.over = true;
      this.received = Number(this.getAttribute("finished")) * RATE;
      this.toFile(0, this.wanted);
    } else {
      this.listen();
    }
    this.ticking = setInterval(() => this.tick(), 50);
    this.paint();
  }

  disconnectedCallback() {
    clearInterval(this.ticking);
    this.live?.stop();
    this.audio.pause();
    this.silence();
    this.gain?.disconnect();
  }

  // --- where sound goes ---

  output() {
    if (this.gain) return this.gain;
    const sound = audioContext();
    this.gain = sound.createGain();
    this.analyser = sound.createAnalyser();
    this.analyser.fftSize = 1024;
    this.wave = new Float32Array(1024);
    this.gain.connect(this.analyser);
    this.analyser.connect(sound.destination);
    return this.gain;
  }

  silence() {
    for (const node of this.nodes) node.stop();
    this.nodes.clear();
  }

  // --- live ---

  listen() {
    this.live = new Live(this.job, {
      sound: (samples) => this.take(samples),
      restart: () => this.forget(),
      trouble: (text) => this.say(text),
      over: (state, text) => this.finish(state, text),
    });
  }

  async take(samples) {
    this.waiting.push(samples);
    this.received += samples.length;
    this.tick();
    if (this.dataset.state === "waiting" && !this.sounding()) this.say("Press play to hear it.");
    while (this.isConnected && this.received / RATE - this.position() > HOARD) await pause(1);
  }

  forget() {
    this.silence();
    this.waiting = [];
    this.received = this.scheduled = 0;
    this.next = null;
    this.say("The audio began anew.");
  }

  finish(state, text) {
    this.over = true;
    if (state === "succeeded") {
      this.complete = true;
      this.audio.src = this.file;
      this.range.disabled = false;
      if (!this.wanted) this.toFile(0, false);
    } else if (state === "failed") {
      this.silence();
      this.say(text ?? "The job failed.");
      this.state("error");
    } else if (!this.received || !this.wanted) {
      this.say("Stopped.");
      this.state("ended");
    }
    this.paint();
  }

  schedule() {
    const sound = audioContext();
    const now = sound.currentTime;
    if (this.next === null || this.next === undefined || this.next < now) {
      // Nothing sounds: begin at once the first time, gather a little after a gap.
      const gathered = this.waiting.reduce((sum, piece) => sum + piece.length, 0) / RATE;
      if (this.scheduled && !this.over && gathered < REBUFFER) return;
      this.next = now + LEAD;
    }
    while (this.waiting.length && this.next - now < AHEAD) {
      const piece = this.waiting.shift();
      const buffer = sound.createBuffer(1, piece.length, RATE);
      const channel = buffer.getChannelData(0);
      for (let index = 0; index < piece.length; index++) channel[index] = piece[index] / 32768;
      const node = sound.createBufferSource();
      node.buffer = buffer;
      node.connect(this.output());
      node.start(this.next);
      node.onended = () => this.nodes.delete(node);
      this.nodes.add(node);
      if (!this.scheduled) this.begins(this.next - now);
      this.next += buffer.duration;
      this.scheduled += piece.length;
    }
  }

  begins(delay) {
    setTimeout(() => {
      if (!this.isConnected) return;
      this.state("playing");
      if (this.pressedAt === null || this.dataset.firstSoundMs) return;
      const passed = Math.round(performance.now() - this.pressedAt);
      this.dataset.firstSoundMs = passed;
      this.say(`First sound after ${(passed / 1000).toFixed(2)} s`);
    }, delay * 1000);
  }

  // --- the file ---

  toFile(position, play) {
    this.live?.stop();
    this.silence();
    this.waiting = [];
    this.source = "file";
    if (!this.audio.src) this.audio.src = this.file;
    this.range.disabled = false;
    this.audio.currentTime = position;
    if (play) this.playFile();
    else this.state("ended");
  }

  playFile() {
    const sound = audioContext();
    this.output();
    if (!this.element) {
      this.element = sound.createMediaElementSource(this.audio);
      this.element.connect(this.gain);
    }
    sound.resume();
    this.audio.play().catch(() => this.say("Press play to hear it."));
  }

  heardFile(name) {
    if (this.source !== "file") return;
    if (name === "error") {
      this.state("error");
      this.say("The finished file cannot be played; it may have been deleted.");
    } else {
      this.state(name === "play" ? "playing" : "ended");
    }
    this.paint();
  }

  // --- what a person does ---

  toggle() {
    if (this.source === "file") return this.audio.paused ? this.playFile() : this.audio.pause();
    if (this.dataset.state === "error") return this.retry();
    if (this.dataset.state === "ended") return this.complete && this.toFile(0, true);
    const sound = audioContext();
    if (!this.wanted) {
      this.wanted = true;
      sound.resume();
      this.say("");
    } else if (sound.state === "running") sound.suspend();
    else sound.resume();
    this.tick();
  }

  retry() {
    this.forget();
    this.over = false;
    this.wanted = true;
    this.say("");
    this.state("waiting");
    audioContext().resume();
    this.listen();
  }

  seek(position) {
    const playing = this.source === "file" ? !this.audio.paused : this.sounding();
    this.toFile(position, playing);
  }

  stop() {
    // The person wants silence now; the job is cancelled by the page.
    this.live?.stop();
    this.silence();
    this.waiting = [];
    if (this.source === "file") this.audio.pause();
    if (!this.complete) this.finish("cancelled");
    if (this.dataset.state !== "error") this.state("ended");
  }

  key(event) {
    if (event.key !== " " || event.target === this.button) return;
    event.preventDefault();
    this.toggle();
  }

  remember() {
    const url = new URL(location.href);
    url.searchParams.set("job", this.job);
    history.replaceState(history.state, "", url);
  }

  // --- what is shown ---

  sounding() {
    if (this.source === "file") return !this.audio.paused;
    return this.wanted && this.dataset.state !== "ended" && context?.state === "running";
  }

  position() {
    if (this.source === "file") return this.audio.currentTime;
    const ahead = this.next && context ? Math.max(0, this.next - context.currentTime) : 0;
    return Math.max(0, this.scheduled / RATE - ahead);
  }

  tick() {
    if (this.source === "live" && this.wanted) {
      if (this.waiting.length) this.schedule();
      else if (this.over && this.scheduled && context.currentTime >= this.next) {
        if (this.dataset.state === "playing") this.state("ended");
      }
    }
    this.paint();
  }

  paint() {
    const length = this.complete && this.audio.duration ? this.audio.duration : this.received / RATE;
    const at = this.dataset.state === "ended" && this.source === "live" && this.complete
      ? length : this.position();
    this.range.max = length;
    if (document.activeElement !== this.range || this.sounding()) this.range.value = at;
    this.range.style.setProperty("--played", length ? `${(100 * at) / length}%` : "0%");
    this.time.textContent = length ? `${clock(at)} / ${clock(length)}` : "0:00";
    const sounding = this.sounding();
    this.button.setAttribute("aria-label", sounding ? "Pause" : "Play");
    this.toggleAttribute("data-paused", !sounding);
    this.paintLevel();
  }

  paintLevel() {
    if (!this.analyser) return;
    this.analyser.getFloatTimeDomainData(this.wave);
    const peak = this.wave.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    this.meter.value = peak;
    this.dataset.level = peak.toFixed(3);
  }

  state(name) {
    this.dataset.state = name;
  }

  say(text) {
    this.said.textContent = text;
  }
}

customElements.define("speech-player", SpeechPlayer);
