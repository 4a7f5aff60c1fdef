// What a player is handled by: its buttons, its keys, the slider that lies over the waveform.
//
// `handle` is told what a person does: `toggle()`, `seek(seconds)`, `skip(direction)`, -1 or 1, and
// `hurry(speed)`. `words` gives what is said.

import { clock } from "./clock.js";
import { volume } from "./volume.js";
import { Waveform } from "./waveform.js";

const SPEEDS = [0.75, 1, 1.25, 1.5, 2];
const ICONS = {
  back: '<path d="M4 4.5V9h4.5"/><path d="M4.6 9A8 8 0 1 1 4 13"/>',
  on: '<path d="M20 4.5V9h-4.5"/><path d="M19.4 9A8 8 0 1 0 20 13"/>',
  sound: '<path d="M4 9.5v5h3.5l4.5 4v-13l-4.5 4z"/><path class="waves" d="M15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11"/><path class="cross" d="M16 9.5l5 5m0-5l-5 5"/>',
};
const icon = (name) => `<svg viewBox="0 0 24 24" aria-hidden="true">${ICONS[name]}</svg>`;

const PARTS = `
  <button type="button" class="play" aria-keyshortcuts="Space"></button>
  <div class="wave">
    <canvas aria-hidden="true"></canvas>
    <input type="range" class="at" min="0" max="0" step="0.01" value="0" disabled
      aria-keyshortcuts="ArrowLeft ArrowRight">
    <span class="tip" hidden></span>
  </div>
  <div class="below">
    <span class="time">0:00</span>
    <span class="said" role="status"></span>
    <span class="tools">
      <button type="button" class="skip back">${icon("back")}<span></span></button>
      <button type="button" class="skip on">${icon("on")}<span></span></button>
      <select class="speed" hidden></select>
      <button type="button" class="mute">${icon("sound")}</button>
      <input type="range" class="volume" min="0" max="1" step="0.05">
    </span>
  </div>`;

export class Controls {
  constructor(place, words, handle) {
    this.words = words;
    this.handle = handle;
    this.scrub = null; // Where a person drags to, in seconds.
    this.hover = null; // What a person points at, as a share of the width.
    place.innerHTML = PARTS;
    const names = ["play", "at", "tip", "time", "said", "back", "on", "speed", "mute", "volume"];
    for (const name of names) this[name] = place.querySelector(`.${name}`);
    this.waveform = new Waveform(place.querySelector("canvas"));
    this.name();
    this.answer();
    // Gradio keeps the element and its listeners, and takes what is in it out.
    place.onkeydown = (event) => this.key(event);
    this.paintVolume();
    this.close = volume.watch(() => this.paintVolume());
  }

  name() {
    this.at.setAttribute("aria-label", this.words("position"));
    this.volume.setAttribute("aria-label", this.words("volume"));
    this.speed.setAttribute("aria-label", this.words("speed"));
    this.speed.title = this.words("speed");
    for (const rate of SPEEDS) this.speed.add(new Option(`${rate}×`, rate, rate === 1, rate === 1));
  }

  answer() {
    const { handle } = this;
    this.play.addEventListener("click", () => handle.toggle());
    this.at.addEventListener("input", () => (this.scrub = Number(this.at.value)));
    this.at.addEventListener("change", () => {
      this.scrub = null;
      handle.seek(Number(this.at.value));
    });
    this.at.addEventListener("blur", () => (this.scrub = null));
    this.at.addEventListener("pointerup", () => setTimeout(() => (this.scrub = null)));
    this.at.addEventListener("pointermove", (event) => this.point(event));
    this.at.addEventListener("pointerleave", () => (this.hover = null));
    this.back.addEventListener("click", () => handle.skip(-1));
    this.on.addEventListener("click", () => handle.skip(1));
    this.speed.addEventListener("change", () => handle.hurry(Number(this.speed.value)));
    this.mute.addEventListener("click", () => volume.set({ muted: !volume.muted }));
    this.volume.addEventListener("input", () =>
      volume.set({ level: Number(this.volume.value), muted: false }),
    );
  }

  key(event) {
    const { key, target } = event;
    if (event.ctrlKey || event.altKey || event.metaKey || target === this.speed) return;
    if (key === " " && target.tagName !== "BUTTON") event.repeat || this.handle.toggle();
    else if (target === this.volume) return;
    else if (key === "ArrowLeft" || (key === "ArrowDown" && target === this.at)) this.handle.skip(-1);
    else if (key === "ArrowRight" || (key === "ArrowUp" && target === this.at)) this.handle.skip(1);
    else return;
    event.preventDefault();
  }

  point(event) {
    const { left, width } = this.at.getBoundingClientRect();
    const share = width ? (event.clientX - left) / width : 0;
    this.hover = this.at.disabled ? null : Math.min(1, Math.max(0, share));
  }

  // --- what is shown ---

  // `position` and `length` in seconds, `leap` the seconds that are skipped; `whole`: the file is
  // there, so that it can be hurried; `values`: the peaks of the waveform.
  show({ position, length, leap, sounding, whole, values }) {
    const at = Math.min(length, this.scrub ?? position);
    this.at.disabled = !length;
    this.at.max = length;
    if (this.scrub === null) this.at.value = at;
    const [now, end] = [clock(at), clock(length)];
    set(this.at, "aria-valuetext", this.words("of", { at: now, length: end }));
    write(this.time, length ? `${now} / ${end}` : "0:00");
    const verb = this.words(sounding ? "pause" : "play");
    set(this.play, "aria-label", verb);
    set(this.play, "title", this.words("space", { what: verb }));
    this.speed.hidden = !whole || !length;
    this.showSkips(length, String(leap));
    this.showWave(at, length, values);
  }

  showSkips(length, seconds) {
    for (const name of ["back", "on"]) {
      const part = this[name];
      part.disabled = !length;
      if (part.lastChild.textContent === seconds) continue;
      part.lastChild.textContent = seconds;
      part.title = this.words(name, { seconds });
      part.setAttribute("aria-label", part.title);
    }
  }

  showWave(at, length, values) {
    const hover = this.scrub !== null && length ? this.scrub / length : this.hover;
    this.waveform.draw(values, length ? at / length : 0, hover);
    this.tip.hidden = hover === null;
    if (hover === null) return;
    write(this.tip, clock(hover * length));
    this.tip.style.setProperty("--x", hover);
  }

  paintVolume() {
    this.volume.value = volume.muted ? 0 : volume.level;
    this.mute.toggleAttribute("data-muted", volume.gain === 0);
    const verb = this.words(volume.muted ? "unmute" : "mute");
    set(this.mute, "aria-label", verb);
    set(this.mute, "title", verb);
  }

  say(text) {
    write(this.said, text);
  }

  get silent() {
    return !this.said.textContent;
  }
}

function set(part, name, value) {
  if (part.getAttribute(name) !== value) part.setAttribute(name, value);
}

function write(part, text) {
  if (part.textContent !== text) part.textContent = text;
}
