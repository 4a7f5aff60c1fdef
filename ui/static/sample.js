// <speech-sample src="ADDRESS" label="WHAT"><button class="play">: a round button that plays a short recording.
//
// Only one sounds at a time. Nothing is fetched before it is pressed. State for others to read:
// data-state (idle, playing, error).

let sounding = null;

class SpeechSample extends HTMLElement {
  connectedCallback() {
    this.audio = new Audio();
    this.audio.preload = "none";
    this.addEventListener("click", () => this.toggle());
    this.audio.addEventListener("timeupdate", () => this.paint());
    for (const name of ["pause", "ended"]) this.audio.addEventListener(name, () => this.rest());
    this.audio.addEventListener("error", () => this.fail());
    this.rest();
  }

  disconnectedCallback() {
    this.audio.pause();
    if (sounding === this) sounding = null;
  }

  async toggle() {
    if (this.dataset.state === "playing") return this.audio.pause();
    sounding?.audio.pause();
    sounding = this;
    // Gradio may give the element that was one voice's to another.
    const src = this.getAttribute("src");
    if (this.heard !== src) this.audio.src = this.heard = src;
    this.dataset.state = "playing";
    this.name("Pause");
    // It is refused where the recording cannot be fetched, of which the error event tells.
    await this.audio.play().catch(() => {});
  }

  rest() {
    this.dataset.state = "idle";
    this.name("Play");
    this.paint();
  }

  fail() {
    this.dataset.state = "error";
    this.title = "It cannot be played.";
  }

  name(verb) {
    const label = `${verb}: ${this.getAttribute("label")}`;
    this.querySelector("button")?.setAttribute("aria-label", label);
  }

  paint() {
    const { currentTime, duration } = this.audio;
    const share = duration && !this.audio.ended ? currentTime / duration : 0;
    this.style.setProperty("--played", `${100 * share}%`);
  }
}

customElements.define("speech-sample", SpeechSample);
