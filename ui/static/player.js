// <speech-player job="ID">: hears a job while it is made, then seeks in the finished file.
//
// Attributes: `job`; `autoplay`; `finished` (the file is there already, so many seconds of it);
// `remember` (keep the job in the page's address); `file` (where the finished file is, if not in its
// usual place); `words` (see words.js). State for others to read: data-state (waiting, playing,
// ended, error), data-paused, data-first-sound-ms, data-level (0 to 1, what the loudspeaker is
// given), data-outline (none, live, file: of what the waveform is).

import { Controls } from "./controls.js";
import { Deck, audible, audioContext } from "./deck.js";
import "./keyboard.js";
import { HOME, Live, pause } from "./live.js";
import { Loudspeaker } from "./loudspeaker.js";
import { Outline } from "./outline.js";
import { leaveAt, placeOf } from "./place.js";
import { claim, leave } from "./stage.js";
import { RATE, Tape } from "./tape.js";
import { Peaks } from "./waveform.js";
import { wordsOf } from "./words.js";

const HOARD = 20 * 60; // Seconds fetched ahead of what is heard at most.
const LEAP = [1, 5]; // Seconds skipped, in what is short and in what is not.
const SHORT = 15; // Seconds.
const REFUSED = 600; // Milliseconds after which a browser that plays nothing has refused to.
const FRESH = 30_000; // Milliseconds that the answer to a press takes at most.
const TICK = 50; // Milliseconds.

let pressedAt = -Infinity;

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

// When a person asked for what begins now; a press from long before was refused.
function asked() {
  const now = performance.now();
  const begun = now - pressedAt < FRESH ? pressedAt : now;
  pressedAt = -Infinity;
  return begun;
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
      for (const name of ["firstSoundMs", "level"]) delete this.dataset[name];
      this.connectedCallback();
    });
  }

  connectedCallback() {
    this.job = this.getAttribute("job");
    this.words = wordsOf(this);
    this.file = this.getAttribute("file") ?? String(new URL(`audio/${this.job}.wav`, HOME));
    this.controls = new Controls(this, this.words, this);
    this.loudspeaker = new Loudspeaker();
    this.audio = this.load();
    this.live = null;
    const place = placeOf(this.job);
    this.anew(place.seconds);
    this.outline = null; // The file's, from the service.
    this.complete = false; // The file is there.
    this.over = false; // Nothing more comes live.
    this.away = false; // The dashboard has not answered for a while.
    this.arrived = undefined; // When the first sound came.
    this.speed = 1;
    this.source = "live";
    const starts = this.hasAttribute("autoplay");
    this.wanted = starts || place.goesOn;
    this.pressedAt = starts ? asked() : null;
    this.state("waiting");
    if (this.hasAttribute("remember")) this.remember();
    if (this.hasAttribute("finished")) {
      this.complete = this.over = true;
      this.toFile(place.seconds, this.wanted);
    } else {
      this.listen();
    }
    this.ticking = setInterval(() => this.tick(), TICK);
    this.listening = new AbortController();
    const { signal } = this.listening;
    window.addEventListener("online", () => this.wake(), { signal });
    document.addEventListener("visibilitychange", () => this.wake(), { signal });
    window.addEventListener("pagehide", () => this.keepPlace(), { signal });
    this.paint();
  }

  disconnectedCallback() {
    clearInterval(this.ticking);
    cancelAnimationFrame(this.drawing);
    this.drawing = 0;
    this.listening.abort();
    this.halt();
    this.deck.silence();
    this.controls.close();
    this.loudspeaker.close();
    leave(this);
  }

  load() {
    const audio = document.createElement("audio");
    audio.preload = "metadata";
    // The element of the job before may have something to say yet.
    const heard = ({ type }) => audio === this.audio && this.heardFile(type);
    for (const name of ["play", "pause", "ended", "error", "durationchange"])
      audio.addEventListener(name, heard);
    this.append(audio);
    return audio;
  }

  // --- live ---

  anew(seconds = 0) {
    this.deck?.silence();
    this.tape = new Tape();
    this.peaks = new Peaks();
    const output = () => this.loudspeaker.input;
    const on = { begins: (delay) => this.begins(delay) };
    this.deck = new Deck(this.tape, output, on, Math.round(seconds * RATE));
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
    const { live, tape } = this;
    tape.add(samples);
    this.peaks.add(samples);
    this.tick();
    const hoarded = () => (tape.end - this.deck.position) / RATE;
    while (!live.stopped && tape === this.tape && hoarded() > HOARD) await pause(1);
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
    if (this.away) this.goOn();
    else if (!this.over) this.live.wake();
  }

  // After what has come; anew, where nothing has, or nothing more can.
  goOn() {
    this.over = this.away = false;
    this.say("");
    if (this.tape.end && !this.live.stopped) {
      this.live.listen();
      if (this.wanted) this.play();
      return;
    }
    this.live.stop();
    this.anew();
    this.state("waiting");
    this.listen();
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
    if (!this.tape.end || this.hasAttribute("file")) this.outline ??= new Outline(this.job, this.file);
    if (play) this.playFile();
    else this.state("ended");
  }

  async playFile() {
    this.loudspeaker.join(this.audio);
    claim(this);
    audioContext().resume();
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

  // --- what a person does ---

  toggle() {
    if (this.sounding) this.pause();
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
    this.wanted = true;
    this.goOn();
  }

  seek(position) {
    const { sounding } = this;
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
    if (this.source === "live" && this.complete) this.toFile(this.position, this.sounding);
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

  keepPlace() {
    leaveAt(this.job, this.heard ? 0 : this.position, this.sounding);
  }

  remember() {
    const url = new URL(location.href);
    url.searchParams.set("job", this.job);
    history.replaceState(history.state, "", url);
  }

  // --- what is shown ---

  get sounding() {
    if (this.source === "file") return !this.audio.paused;
    return this.wanted && this.deck.playing && this.dataset.state !== "ended" && audible();
  }

  // To its end.
  get heard() {
    return this.source === "file" ? this.audio.ended : this.over && this.deck.dry;
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
    if (!this.sounding || this.drawing) return;
    const draw = () => {
      this.paint();
      this.drawing = this.sounding ? requestAnimationFrame(draw) : 0;
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
    } else if (this.wanted && !this.over && this.controls.silent) this.say(this.words("waiting"));
  }

  paint() {
    const { length, sounding } = this;
    this.toggleAttribute("data-paused", !sounding);
    this.controls.show({
      position: this.position,
      length,
      leap: this.leap,
      sounding,
      whole: this.complete,
      values: this.values(length),
    });
    this.paintLevel();
  }

  values(length) {
    const live = this.source === "live" || !this.outline;
    const values = live ? this.peaks.values : this.outline.of(length);
    this.dataset.outline = !values.length ? "none" : live ? "live" : "file";
    return values;
  }

  paintLevel() {
    const level = this.loudspeaker.level?.toFixed(3);
    if (level === undefined || this.dataset.level === level) return;
    this.dataset.level = level;
    this.style.setProperty("--level", level);
  }

  state(name) {
    this.dataset.state = name;
  }

  say(text) {
    this.controls.say(text);
  }
}

customElements.define("speech-player", SpeechPlayer);
