// <speech-sample src="ADDRESS" label="WHAT"><button class="play">: a round button that plays a short recording.
//
// Attribute `words`: see words.js. Nothing is fetched before it is pressed. State for others to read:
// data-state (idle, playing, error).

import { claim, leave } from "./stage.js";
import { volume } from "./volume.js";
import { wordsOf } from "./words.js";

class SpeechSample extends HTMLElement {
  static observedAttributes = ["src", "label", "data-state"];

  connectedCallback() {
    this.audio = new Audio();
    this.audio.preload = "none";
    this.onclick = () => this.toggle(); // Gradio may take it out of the page and put it back.
    this.audio.addEventListener("timeupdate", () => this.paint());
    for (const name of ["pause", "ended"])
      this.audio.addEventListener(name, () => this.state === "playing" && this.show("idle"));
    this.audio.addEventListener("error", () => this.show("error"));
    this.ungovern = volume.govern(this.audio);
    this.show("idle");
  }

  disconnectedCallback() {
    this.ungovern();
    this.audio.pause();
    leave(this);
  }

  // Gradio gives the element of one recording to another, and takes off what the server did not write.
  attributeChangedCallback(name, before, now) {
    if (!this.state || before === now) return;
    if (name === "src") {
      this.audio.pause();
      this.show("idle");
    } else if (name === "label" || now !== this.state) this.show(this.state);
  }

  async toggle() {
    if (this.state === "playing") return this.pause();
    claim(this);
    const src = new URL(this.getAttribute("src"), location.href).href;
    if (this.audio.src !== src || this.state === "error") this.audio.src = src;
    this.show("playing");
    // It is refused where the recording cannot be fetched, of which the error event tells.
    await this.audio.play().catch(() => {});
  }

  pause() {
    this.audio.pause();
  }

  // --- what is shown ---

  show(state) {
    this.state = state;
    this.dataset.state = state;
    const words = wordsOf(this);
    const what = this.getAttribute("label");
    const label = [words(state === "playing" ? "pause" : "play", { what })];
    if (state === "error") label.push(words("gone"));
    const button = this.querySelector("button");
    button?.setAttribute("aria-label", label.join(". "));
    if (button) button.title = label[1] ?? "";
    this.paint();
  }

  paint() {
    const { currentTime, duration, ended } = this.audio;
    const share = duration && !ended ? currentTime / duration : 0;
    this.style.setProperty("--played", `${100 * share}%`);
  }
}

customElements.define("speech-sample", SpeechSample);
