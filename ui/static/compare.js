// <speech-compare a="ADDRESS" b="ADDRESS" a-id="ID" b-id="ID">: two sounds that run side by side, of
// which one is heard; the other is silent and a press away, at the same moment.
//
// The page writes what is in it: .play, .turn[data-turn], a range, .time, .blind, .reveal, .choose
// (a button of the page's, which is given the id of what is heard) and .said. `words`: see words.js.
// State for others to read: data-state (paused, playing, error), data-heard (a or b), data-blind,
// data-revealed.

import { clock } from "./clock.js";
import { claim, leave } from "./stage.js";
import { volume } from "./volume.js";
import { wordsOf } from "./words.js";

const SIDES = ["a", "b"];
const DRIFT = 0.05; // Seconds that the two may be apart before the one that is not heard is moved.

class SpeechCompare extends HTMLElement {
  static observedAttributes = ["a", "b"];

  connectedCallback() {
    this.sounds = Object.fromEntries(SIDES.map((side) => [side, this.sound(side)]));
    this.order = [...SIDES]; // Which side stands behind the first and the second button.
    this.heard = "a";
    this.ungovern = volume.govern(...Object.values(this.sounds));
    // Gradio may take it out of the page and put it back.
    this.onclick = (event) => this.pressed(event.target);
    this.oninput = (event) => this.sought(event.target);
    this.onKey = (event) => this.key(event);
    document.addEventListener("keydown", this.onKey);
    this.ticking = setInterval(() => this.tick(), 100);
    this.begin();
    this.focus({ preventScroll: true });
    this.scrollIntoView({ block: "nearest" });
  }

  disconnectedCallback() {
    clearInterval(this.ticking);
    document.removeEventListener("keydown", this.onKey);
    this.pause();
    this.ungovern();
    leave(this);
  }

  // Gradio gives the element of one pair to the next.
  attributeChangedCallback(side, before, now) {
    if (!this.sounds || before === now) return;
    this.pause();
    this.sounds[side].src = now;
    this.begin();
  }

  sound(side) {
    const audio = new Audio(this.getAttribute(side));
    audio.preload = "auto";
    audio.addEventListener("ended", () => this.heard === side && this.pause());
    audio.addEventListener("error", () => this.fail());
    return audio;
  }

  begin() {
    this.state = "paused";
    this.order = [...SIDES];
    this.blinded = this.revealed = false;
    this.said = "";
    this.turn("a");
  }

  // --- sound ---

  get now() {
    return this.sounds[this.heard];
  }

  async play() {
    if (this.now.ended) for (const sound of Object.values(this.sounds)) sound.currentTime = 0;
    claim(this);
    this.state = "playing";
    const all = Object.values(this.sounds).filter((sound) => !sound.ended);
    // It is refused where a recording cannot be fetched, of which the error event tells.
    await Promise.all(all.map((sound) => sound.play().catch(() => {})));
  }

  pause() {
    for (const sound of Object.values(this.sounds)) sound.pause();
    if (this.state === "playing") this.state = "paused";
  }

  turn(side) {
    const at = this.now.currentTime;
    this.heard = side;
    for (const [name, sound] of Object.entries(this.sounds)) sound.muted = name !== side;
    if (Math.abs(this.now.currentTime - at) > DRIFT) this.now.currentTime = at;
    if (this.state === "playing" && this.now.ended) this.pause();
    this.paint();
  }

  fail() {
    this.pause();
    this.state = "error";
    this.say(wordsOf(this)("broken"));
  }

  // --- what a person does ---

  pressed(target) {
    const button = target.closest("button");
    if (!button) return;
    if (button.classList.contains("play")) this.toggle();
    if (button.classList.contains("turn")) this.turn(this.order[SIDES.indexOf(button.dataset.turn)]);
    if (button.classList.contains("blind")) this.blind();
    if (button.classList.contains("reveal")) this.reveal();
  }

  toggle() {
    if (this.state === "playing") this.pause();
    else this.play();
    this.paint();
  }

  sought(range) {
    if (range.type !== "range") return;
    for (const sound of Object.values(this.sounds)) sound.currentTime = Number(range.value);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.("input:not([type=range]), textarea, select, [contenteditable]")) return;
    const place = SIDES.indexOf(event.key.toLowerCase());
    if (place < 0) return;
    event.preventDefault();
    this.turn(this.order[place]);
  }

  blind() {
    const on = !this.blinded || this.revealed;
    this.pause();
    for (const sound of Object.values(this.sounds)) sound.currentTime = 0;
    this.begin();
    this.blinded = on;
    if (on && Math.random() < 0.5) this.order.reverse();
    this.turn(this.order[0]);
  }

  reveal() {
    this.revealed = true;
    const letter = this.order[0].toUpperCase();
    this.say(wordsOf(this)("reveal", { x: "X", letter }));
    this.paint();
  }

  // --- what is shown ---

  tick() {
    if (this.state === "playing") this.align();
    this.paint();
  }

  // The one that is not heard follows the other.
  align() {
    for (const sound of Object.values(this.sounds)) {
      const apart = Math.abs(sound.currentTime - this.now.currentTime);
      if (sound !== this.now && !sound.ended && apart > 2 * DRIFT)
        sound.currentTime = this.now.currentTime;
    }
  }

  // Gradio may have written the page's words over ours, and taken our state from the element.
  paint() {
    const blind = this.blinded && !this.revealed;
    const names = this.blinded ? ["X", "Y"] : ["A", "B"];
    this.dataset.state = this.state;
    this.dataset.heard = this.heard;
    this.toggleAttribute("data-blind", this.blinded);
    this.toggleAttribute("data-revealed", this.revealed);
    write(this.querySelector(".said"), this.said);
    const turns = this.querySelectorAll(".turn");
    this.order.forEach((side, place) => {
      if (!turns[place]) return;
      write(turns[place], names[place]);
      turns[place].setAttribute("aria-pressed", String(side === this.heard));
    });
    const lengths = Object.values(this.sounds).map((sound) => sound.duration || 0);
    const range = this.querySelector("input[type=range]");
    const length = Math.max(...lengths);
    const time = `${clock(this.now.currentTime)} / ${clock(length)}`;
    if (range) {
      range.max = length;
      range.value = this.now.currentTime;
      range.setAttribute("aria-valuetext", time);
    }
    write(this.querySelector(".time"), time);
    const choose = this.querySelector(".choose");
    if (choose) {
      choose.dataset.id = this.getAttribute(`${this.heard}-id`);
      const letter = names[this.order.indexOf(this.heard)];
      write(choose, wordsOf(this)("choose", { letter }));
    }
    this.querySelector(".blind")?.setAttribute("aria-pressed", String(blind));
    this.querySelector(".reveal")?.toggleAttribute("hidden", !blind);
  }

  say(text) {
    this.said = text;
    this.paint();
  }
}

function write(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

customElements.define("speech-compare", SpeechCompare);
