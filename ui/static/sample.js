// <speech-sample src="ADDRESS" label="WHAT"><button class="play">: a round button that plays a short recording.
//
// Attribute `words`: see words.js. Nothing is fetched before it is pressed. State for others to read:
// data-state (idle, playing, error).

import { claim, leave } from "./stage.js";
import { volume } from "./volume.js";
import { wordsOf } from "./words.js";

class SpeechSample extends HTMLElement {
  connectedCallback() {
    this.audio = new Audio();
    this.heard = null;
    this.audio.preload = "none";
    this.onclick = () => this.press(); // Gradio may take it out of the page and put it back.
    this.audio.addEventListener("timeupdate", () => this.paint());
    for (const name of ["pause", "ended"]) this.audio.addEventListener(name, () => this.rest());
    this.audio.addEventListener("error", () => this.fail());
    this.unwatch = volume.watch(() => (this.audio.volume = volume.gain));
    this.rest();
  }

  disconnectedCallback() {
    this.unwatch();
    this.audio.pause();
    leave(this);
  }

  async press() {
    if (this.dataset.state === "playing") return this.pause();
    claim(this);
    // Gradio may give the element that was one voice's to another.
    const src = this.getAttribute("src");
    if (this.heard !== src || this.dataset.state === "error") this.audio.src = this.heard = src;
    this.audio.volume = volume.gain;
    this.removeAttribute("title");
    this.dataset.state = "playing";
    this.name("pause");
    // It is refused where the recording cannot be fetched, of which the error event tells.
    await this.audio.play().catch(() => {});
  }

  pause() {
    this.audio.pause();
  }

  rest() {
    this.dataset.state = "idle";
    this.name("play");
    this.paint();
  }

  fail() {
    this.dataset.state = "error";
    this.title = wordsOf(this)("gone");
  }

  name(verb) {
    const label = wordsOf(this)(verb, { what: this.getAttribute("label") });
    this.querySelector("button")?.setAttribute("aria-label", label);
  }

  paint() {
    const { currentTime, duration } = this.audio;
    const share = duration && !this.audio.ended ? currentTime / duration : 0;
    this.style.setProperty("--played", `${100 * share}%`);
  }
}

customElements.define("speech-sample", SpeechSample);
