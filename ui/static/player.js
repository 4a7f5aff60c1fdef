// <speech-player job="ID">: hears a job while it is made, then seeks in the finished file.
//
// Attributes: `job`; `autoplay`; `finished` (the file is there already, so many seconds of it);
// `remember` (keep the job in the page's address); `file` (where the finished file is, if not in its
// usual place); `words` (see words.js). State for others to read: data-state (waiting, playing,
// ended, error), data-paused, data-first-sound-ms, data-level (0 to 1, what the loudspeaker is
// given), data-outline (none, live, file: of what the waveform is).

import { Deck, audible, audioContext } from "./deck.js";
import "./keyboard.js";
import { HOME, Live, pause } from "./live.js";
import { claim, leave } from "./stage.js";
import { RATE, Tape } from "./tape.js";
import { volume } from "./volume.js";
import { Peaks, Waveform } from "./waveform.js";
import { wordsOf } from "./words.js";

const HOARD = 20 * 60; // Seconds fetched ahead of what is heard at most.
const POINTS = 800; // Of the waveform of a file.
const ALIKE = 0.05; // Share of its length by which a file may differ from its waveform's.
const LEAP = [1, 5]; // Seconds skipped, in what is short and in what is not.
const SHORT = 15; // Seconds.
const REFUSED = 600; // Milliseconds after which a browser that plays nothing has refused to.
const SPEEDS = [0.75, 1, 1.25, 1.5, 2];

const ICONS = {
  back: '<path d="M4 4.5V9h4.5"/><path d="M4.6 9A8 8 0 1 1 4 13"/>',
  on: '<path d="M20 4.5V9h-4.5"/><path d="M19.4 9A8 8 0 1 0 20 13"/>',
  sound: '<path d="M4 9.5v5h3.5l4.5 4v-13l-4.5 4z"/><path class="waves" d="M15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11"/><path class="cross" d="M16 9.5l5 5m0-5l-5 5"/>',
};
const icon = (name) => `<svg viewBox="0 0 24 24" aria-hidden="true">${ICONS[name]}</svg>`;

let pressedAt = null;

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
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const rest = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
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
    this.words = wordsOf(this);
    this.build();
    this.file = this.getAttribute("file") ?? String(new URL(`audio/${this.job}.wav`, HOME));
    this.anew();
    this.outline = null; // The file's, from the service.
    this.complete = false; // The file is there.
    this.over = false; // Nothing more comes live.
    this.arrived = undefined; // When the first sound came.
    this.scrub = this.hover = null; // Where a person drags to, and points at.
    this.speed = 1;
    this.source = "live";
    this.wanted = this.hasAttribute("autoplay");
    this.pressedAt = this.wanted ? (pressedAt ?? performance.now()) : null;
    pressedAt = null;
    this.state("waiting");
    if (this.hasAttribute("remember")) this.remember();
    if (this.hasAttribute("finished")) {
      this.complete = this.over = true;
      this.toFile(0, this.wanted);
    } else {
      this.listen();
    }
    this.paintVolume();
    this.unwatch = volume.watch(() => this.paintVolume());
    this.ticking = setInterval(() => this.tick(), 50);
    this.woken = () => this.wake();
    window.addEventListener("online", this.woken);
    document.addEventListener("visibilitychange", this.woken);
    this.paint();
  }

  disconnectedCallback() {
    clearInterval(this.ticking);
    cancelAnimationFrame(this.drawing);
    this.drawing = 0;
    window.removeEventListener("online", this.woken);
    document.removeEventListener("visibilitychange", this.woken);
    this.unwatch?.();
    this.live?.stop();
    this.audio.pause();
    this.deck.silence();
    const { gain } = this;
    setTimeout(() => gain?.disconnect(), 200);
    leave(this);
  }

  build() {
    const said = this.words;
    this.innerHTML = `
      <button type="button" class="play" aria-keyshortcuts="Space"></button>
      <div class="wave">
        <canvas aria-hidden="true"></canvas>
        <input type="range" class="at" min="0" max="0" step="0.01" value="0" disabled
          aria-keyshortcuts="ArrowLeft ArrowRight">
        <span class="tip" hidden></span>
      </div>
      <div class="under">
        <span class="time">0:00</span>
        <span class="said" role="status"></span>
        <span class="tools">
          <button type="button" class="skip back">${icon("back")}<span></span></button>
          <button type="button" class="skip on">${icon("on")}<span></span></button>
          <select class="speed" hidden></select>
          <button type="button" class="mute">${icon("sound")}</button>
          <input type="range" class="volume" min="0" max="1" step="0.05">
        </span>
      </div>
      <audio preload="metadata"></audio>`;
    const parts = { button: ".play", range: ".at", time: ".time", said: ".said", audio: "audio" };
    for (const [name, found] of Object.entries(parts)) this[name] = this.querySelector(found);
    const [back, on, speed, mute, loud] = [".back", ".on", ".speed", ".mute", ".volume"].map(
      (found) => this.querySelector(found),
    );
    Object.assign(this, { back, on, mute, loud, speeds: speed });
    this.tip = this.querySelector(".tip");
    this.waveform = new Waveform(this.querySelector("canvas"));
    this.range.setAttribute("aria-label", said("position"));
    loud.setAttribute("aria-label", said("volume"));
    speed.setAttribute("aria-label", said("speed"));
    speed.title = said("speed");
    for (const rate of SPEEDS) speed.add(new Option(`${rate}×`, rate, rate === 1, rate === 1));
    this.answer();
  }

  answer() {
    this.button.addEventListener("click", () => this.toggle());
    this.range.addEventListener("input", () => (this.scrub = Number(this.range.value)));
    this.range.addEventListener("change", () => this.seek(Number(this.range.value)));
    this.range.addEventListener("blur", () => (this.scrub = null));
    this.range.addEventListener("pointerup", () => setTimeout(() => (this.scrub = null)));
    this.range.addEventListener("pointermove", (event) => this.point(event));
    this.range.addEventListener("pointerleave", () => this.point(null));
    this.back.addEventListener("click", () => this.skip(-1));
    this.on.addEventListener("click", () => this.skip(1));
    this.speeds.addEventListener("change", () => this.hurry(Number(this.speeds.value)));
    this.mute.addEventListener("click", () => volume.set({ muted: !volume.muted }));
    this.loud.addEventListener("input", () =>
      volume.set({ level: Number(this.loud.value), muted: false }),
    );
    // Gradio keeps the element and its listeners, and takes what is in it out.
    this.onkeydown = (event) => this.key(event);
    for (const name of ["play", "pause", "ended", "error", "durationchange"])
      this.audio.addEventListener(name, () => this.heardFile(name));
  }

  // --- where sound goes ---

  output() {
    if (this.gain) return this.gain;
    const sound = audioContext();
    this.gain = sound.createGain();
    this.gain.gain.value = volume.gain;
    this.analyser = sound.createAnalyser();
    this.analyser.fftSize = 1024;
    this.wave = new Float32Array(1024);
    this.gain.connect(this.analyser);
    this.analyser.connect(sound.destination);
    return this.gain;
  }

  // --- live ---

  anew() {
    this.deck?.silence();
    this.tape = new Tape();
    this.peaks = new Peaks();
    this.deck = new Deck(this.tape, () => this.output(), { begins: (delay) => this.begins(delay) });
  }

  listen() {
    this.live = new Live(this.job, this.words, {
      sound: (samples) => this.take(samples),
      restart: () => this.forget(),
      trouble: (text) => this.say(text),
      over: (state, text) => this.finish(state, text),
    });
    if (this.wanted) this.play();
  }

  async take(samples) {
    const { tape } = this;
    tape.add(samples);
    this.peaks.add(samples);
    this.tick();
    const hoarded = () => (tape.end - this.deck.position) / RATE;
    while (this.isConnected && tape === this.tape && hoarded() > HOARD) await pause(1);
  }

  forget() {
    const { playing } = this.deck;
    this.anew();
    if (playing) this.deck.play();
    this.say(this.words("anew"));
  }

  finish(state, text) {
    this.over = true;
    this.away = state === "away";
    if (state === "succeeded") {
      this.complete = true;
      if (!this.tape.end) {
        this.say(this.words("silent"));
        this.state("ended");
      } else if (!this.wanted && !this.deck.position) {
        this.toFile(0, false);
      } else {
        this.audio.src = this.file;
      }
    } else if (state === "failed") {
      this.halt();
      this.say(text ?? this.words("failed"));
      this.state("error");
    } else if (this.away) {
      this.say(text); // What has come is heard to its end.
    } else if (!this.tape.end || !this.wanted) {
      this.say(this.words("stopped"));
      this.state("ended");
    }
    this.paint();
  }

  begins(delay) {
    const { deck } = this;
    setTimeout(() => {
      if (!this.isConnected || deck !== this.deck || !deck.playing) return;
      this.state("playing");
      if (this.pressedAt === null || this.dataset.firstSoundMs) return;
      const passed = Math.round(performance.now() - this.pressedAt);
      this.dataset.firstSoundMs = passed;
      this.say(this.words("first", { seconds: (passed / 1000).toFixed(2) }));
    }, delay * 1000);
  }

  // A page that comes back, from sleep or to its network, goes on where it was.
  wake() {
    if (document.visibilityState === "hidden" || this.complete) return;
    if (this.away) this.retry();
    else if (!this.over) this.live?.wake();
  }

  // --- the file ---

  toFile(position, play) {
    this.live?.stop();
    this.deck.pause();
    this.source = "file";
    if (!this.audio.src) this.audio.src = this.file;
    this.hasten();
    this.audio.currentTime = position;
    // What a pipeline streamed is not what it made of it.
    if (!this.tape.end || this.hasAttribute("file")) this.sketch();
    if (play) this.playFile();
    else this.state("ended");
  }

  async playFile() {
    const sound = audioContext();
    this.output();
    if (!this.element) {
      this.element = sound.createMediaElementSource(this.audio);
      this.element.connect(this.gain);
    }
    claim(this);
    sound.resume();
    if (this.audio.error) this.audio.load();
    try {
      await this.audio.play();
    } catch (error) {
      // Of a file that cannot be played the error event tells; a pause meanwhile is none.
      if (error.name === "NotAllowedError") this.say(this.words("press"));
    }
  }

  heardFile(name) {
    if (this.source !== "file") return;
    if (name === "error") {
      this.state("error");
      this.say(this.words("gone"));
    } else if (name === "play") {
      if (this.dataset.state === "error") this.say("");
      this.state("playing");
    } else if (name !== "durationchange" && this.dataset.state !== "error") {
      this.state("ended");
    }
    this.paint();
  }

  // The waveform of the file; without it, a flat line tells nothing false.
  async sketch() {
    if (this.outline) return;
    const outline = (this.outline = { seconds: 0, points: [] });
    const url = new URL(`waveform/${this.job}`, HOME);
    url.searchParams.set("points", POINTS);
    const version = new URL(this.file, location.href).searchParams.get("v");
    if (version) url.searchParams.set("v", version);
    const answer = await fetch(url).catch(() => null);
    if (answer?.ok) Object.assign(outline, await answer.json());
    this.paint();
  }

  // --- what a person does ---

  toggle() {
    if (this.sounding()) this.pause();
    else if (this.dataset.state === "error" && this.source === "live") this.retry();
    else this.play();
  }

  play() {
    this.wanted = true;
    if (this.source === "file") return this.playFile();
    if (this.over && this.deck.dry && this.complete) return this.toFile(0, true);
    if (this.over && this.deck.dry) this.deck.seek(0);
    claim(this);
    audioContext().resume();
    if (this.dataset.state === "waiting") this.say("");
    else if (this.tape.end) this.state("playing");
    this.deck.play();
    this.paint();
  }

  pause() {
    if (this.source === "file") return this.audio.pause();
    this.wanted = false;
    this.deck.pause();
    this.paint();
  }

  // Silence now, and nothing more to come.
  halt() {
    this.live?.stop();
    this.deck.pause();
    this.audio.pause();
  }

  retry() {
    this.over = this.away = false;
    this.wanted = true;
    this.say("");
    if (this.live && !this.live.stopped && this.tape.end) this.live.listen();
    else {
      this.live?.stop();
      this.anew();
      this.state("waiting");
      this.listen();
    }
    this.play();
  }

  seek(position) {
    this.scrub = null;
    const sounding = this.sounding();
    const sample = position * RATE;
    if (this.source === "file") this.audio.currentTime = position;
    else if (this.complete && (sample < this.tape.start || !sounding))
      this.toFile(position, sounding);
    else {
      this.deck.seek(sample);
      this.deck.tick(this.over);
      if (sample < this.tape.start) this.say(this.words("kept"));
    }
    this.paint();
  }

  skip(direction) {
    const { length } = this;
    if (length) this.seek(Math.min(length, Math.max(0, this.position + direction * this.leap)));
  }

  hurry(speed) {
    this.speed = speed;
    if (this.source === "live" && this.complete) this.toFile(this.position, this.sounding());
    else this.hasten();
  }

  // A file that is loaded begins with the default.
  hasten() {
    this.audio.defaultPlaybackRate = this.audio.playbackRate = this.speed;
  }

  stop() {
    // The person wants silence now; the job is cancelled by the page.
    this.halt();
    this.wanted = false;
    if (!this.complete) this.finish("cancelled");
    if (this.dataset.state !== "error") this.state("ended");
  }

  key(event) {
    const { key, target } = event;
    if (event.ctrlKey || event.altKey || event.metaKey || target === this.speeds) return;
    if (key === " " && target.tagName !== "BUTTON") this.toggle();
    else if (target === this.loud) return;
    else if (key === "ArrowLeft" || (key === "ArrowDown" && target === this.range)) this.skip(-1);
    else if (key === "ArrowRight" || (key === "ArrowUp" && target === this.range)) this.skip(1);
    else return;
    event.preventDefault();
  }

  point(event) {
    const { left, width } = this.range.getBoundingClientRect();
    const share = event && width ? (event.clientX - left) / width : null;
    this.hover = share === null || this.range.disabled ? null : Math.min(1, Math.max(0, share));
    this.paint();
  }

  remember() {
    const url = new URL(location.href);
    url.searchParams.set("job", this.job);
    history.replaceState(history.state, "", url);
  }

  // --- what is shown ---

  sounding() {
    if (this.source === "file") return !this.audio.paused;
    return this.wanted && this.deck.playing && this.dataset.state !== "ended" && audible();
  }

  // Seconds, as all times here.
  get position() {
    return this.source === "file" ? this.audio.currentTime : this.deck.position / RATE;
  }

  get length() {
    if (this.source === "live") return this.tape.end / RATE;
    const { duration } = this.audio;
    return Number.isFinite(duration) ? duration : Number(this.getAttribute("finished") ?? 0);
  }

  get leap() {
    return LEAP[Number(this.length >= SHORT)];
  }

  tick() {
    if (this.source === "live") {
      this.deck.tick(this.over);
      if (this.deck.playing && this.over && this.deck.dry && this.dataset.state !== "error") {
        this.deck.pause();
        this.state(this.away ? "error" : "ended");
      }
    }
    this.tell();
    this.paint();
    if (!this.sounding() || this.drawing) return;
    const draw = () => {
      this.paint();
      this.drawing = this.sounding() ? requestAnimationFrame(draw) : 0;
    };
    this.drawing = requestAnimationFrame(draw);
  }

  // What is to be said while nothing is heard yet.
  tell() {
    if (this.source !== "live" || this.dataset.state !== "waiting") return;
    this.arrived ??= this.tape.end ? performance.now() : undefined;
    const refused = this.arrived && performance.now() - this.arrived > REFUSED && !audible();
    if (this.tape.end && (!this.wanted || refused)) {
      this.pressedAt = null; // What passes until somebody presses is not the service's.
      this.say(this.words("press"));
    } else if (this.wanted && !this.over && !this.said.textContent) this.say(this.words("waiting"));
  }

  paint() {
    const { length } = this;
    const at = Math.min(length, this.scrub ?? this.position);
    const sounding = this.sounding();
    this.range.disabled = !length;
    this.range.max = length;
    if (this.scrub === null) this.range.value = at;
    this.set(this.range, "aria-valuetext", this.words("of", { at: clock(at), length: clock(length) }));
    const time = length ? `${clock(at)} / ${clock(length)}` : "0:00";
    if (this.time.textContent !== time) this.time.textContent = time;
    const verb = this.words(sounding ? "pause" : "play");
    this.set(this.button, "aria-label", verb);
    this.set(this.button, "title", this.words("space", { what: verb }));
    this.toggleAttribute("data-paused", !sounding);
    this.paintSkips(length);
    this.speeds.hidden = !this.complete || !length;
    this.paintWave(at, length);
    this.paintLevel();
  }

  set(part, name, value) {
    if (part.getAttribute(name) !== value) part.setAttribute(name, value);
  }

  paintSkips(length) {
    const seconds = String(this.leap);
    for (const [part, name] of [[this.back, "back"], [this.on, "on"]]) {
      part.disabled = !length;
      if (part.lastChild.textContent === seconds) continue;
      part.lastChild.textContent = seconds;
      part.title = this.words(name, { seconds });
      part.setAttribute("aria-label", part.title);
    }
  }

  paintWave(at, length) {
    const hover = this.scrub !== null && length ? this.scrub / length : this.hover;
    const values = this.values(length);
    this.waveform.draw(values, length ? at / length : 0, hover);
    this.tip.hidden = hover === null;
    if (hover === null) return;
    this.tip.textContent = clock(hover * length);
    this.tip.style.setProperty("--x", hover);
  }

  values(length) {
    const { outline } = this;
    if (this.source === "live" || !outline) {
      this.dataset.outline = this.peaks.count ? "live" : "none";
      return this.peaks.values;
    }
    const alike = Math.abs(outline.seconds - length) <= ALIKE * length;
    const points = alike ? outline.points : [];
    this.dataset.outline = points.length ? "file" : "none";
    return points;
  }

  paintVolume() {
    if (this.gain) this.gain.gain.setTargetAtTime(volume.gain, audioContext().currentTime, 0.01);
    this.loud.value = volume.muted ? 0 : volume.level;
    this.mute.toggleAttribute("data-muted", volume.gain === 0);
    const verb = this.words(volume.muted ? "unmute" : "mute");
    this.set(this.mute, "aria-label", verb);
    this.set(this.mute, "title", verb);
  }

  paintLevel() {
    if (!this.analyser) return;
    this.analyser.getFloatTimeDomainData(this.wave);
    const peak = this.wave.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    const level = peak.toFixed(3);
    if (this.dataset.level === level) return;
    this.dataset.level = level;
    this.style.setProperty("--level", level);
  }

  state(name) {
    this.dataset.state = name;
  }

  say(text) {
    if (this.said.textContent !== text) this.said.textContent = text;
  }
}

customElements.define("speech-player", SpeechPlayer);
