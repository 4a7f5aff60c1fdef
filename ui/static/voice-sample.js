// <voice-sample voice="ID" label="NAME" sample><button class="play">: a round button that lets a
// voice be heard. Where there is no sample (the attribute is missing), the voice reads a sentence:
// it is heard while it is made, and is its sample from then on.
//
// Attribute `words`, of it or of what it stands in: see words.js. Tells others: "told" and "trouble",
// with a sentence in `detail`; the document hears "sampled", with the voice, once there is a sample.
// State for others to read: data-state (idle, waiting, playing, error).

import { Deck, audioContext } from "./deck.js";
import { HOME, Live } from "./live.js";
import { claim, leave } from "./stage.js";
import { Tape } from "./tape.js";
import { volume } from "./volume.js";
import { wordsOf } from "./words.js";

const readings = new Map(); // By voice: whoever presses twice asks once.
let fresh = ""; // Keeps browsers from playing the sample before.

// What the dashboard answers; otherwise an error with a sentence for people.
export async function answered(asking, words) {
  const answer = await asking.catch(() => null);
  if (answer === null) throw new Error(words("away"));
  const body = await answer.json().catch(() => ({}));
  if (answer.ok) return body;
  const { message, hint } = body.error ?? {};
  throw new Error([message ?? words("status", { status: answer.status }), hint].filter(Boolean).join(" "));
}

// What a voice reads, from the first piece to the sample that is kept of it, whoever listens.
class Reading {
  constructor(voice, words) {
    this.address = new URL(`voice/${voice}/sample`, HOME);
    this.words = words;
    this.tape = new Tape();
    this.over = false;
    this.kept = this.run().finally(() => {
      this.over = true;
      readings.delete(voice);
    });
    this.kept.then(() => sampled(voice), () => {}); // Whoever listens says what went wrong.
  }

  async run() {
    const { job } = await answered(fetch(this.address, { method: "POST" }), this.words);
    const [state, text] = await this.follow(job);
    this.over = true;
    if (state !== "succeeded") throw new Error(text ?? this.words("stopped"));
    await answered(fetch(`${this.address}/${job}`, { method: "PUT" }), this.words);
  }

  follow(job) {
    return new Promise((done) => {
      new Live(job, this.words, {
        sound: (samples) => this.tape.add(samples),
        restart: () => (this.tape = new Tape()),
        trouble: () => {},
        over: (...end) => done(end),
      });
    });
  }
}

class VoiceSample extends HTMLElement {
  static observedAttributes = ["voice", "label", "data-state"];

  connectedCallback() {
    this.onclick = () => this.toggle();
    this.unwatch = volume.watch(() => this.loud());
    this.show(this.state ?? "idle");
  }

  disconnectedCallback() {
    this.unwatch();
    this.pause();
    leave(this);
  }

  // Gradio gives the element of one voice to another, and takes off what the server did not write.
  attributeChangedCallback(name, before, now) {
    if (!this.state || before === now) return;
    if (name === "voice") this.pause();
    else if (name === "label" || now !== this.state) this.show(this.state);
  }

  toggle() {
    if (!this.getAttribute("voice")) return;
    if (this.state === "playing" || this.state === "waiting") return this.pause();
    claim(this);
    this.tell("told", "");
    if (this.hasAttribute("sample")) this.playFile();
    else this.listen();
  }

  pause() {
    clearInterval(this.ticking);
    this.deck?.pause();
    this.audio?.pause();
    this.deck = this.audio = this.reading = null;
    if (this.state !== "error") this.show("idle");
  }

  // --- a sample that is there ---

  playFile() {
    const audio = new Audio(new URL(`voice/${this.getAttribute("voice")}/sample${fresh}`, HOME));
    this.audio = audio;
    audio.addEventListener("timeupdate", () => {
      const share = audio.duration && !audio.ended ? audio.currentTime / audio.duration : 0;
      this.style.setProperty("--played", `${100 * share}%`);
    });
    audio.addEventListener("ended", () => this.pause());
    audio.addEventListener("error", () => this.audio === audio && this.fail(this.words("gone")));
    this.loud();
    this.show("playing");
    // It is refused where the recording cannot be fetched, of which the error event tells.
    audio.play().catch(() => {});
  }

  // --- a sentence that is read now ---

  listen() {
    const voice = this.getAttribute("voice");
    const sound = audioContext();
    sound.resume();
    if (!readings.has(voice)) readings.set(voice, new Reading(voice, this.words));
    const reading = readings.get(voice);
    this.reading = reading;
    this.show("waiting");
    this.tell("told", this.words("reading"));
    this.gain = sound.createGain();
    this.gain.connect(sound.destination);
    this.loud();
    this.ticking = setInterval(() => this.hear(reading), 40);
    reading.kept.catch((error) => this.reading === reading && this.fail(error.message));
  }

  hear(reading) {
    if (this.deck?.tape !== reading.tape) {
      this.deck?.pause();
      this.deck = new Deck(reading.tape, () => this.gain, { begins: () => this.show("playing") });
      this.deck.play();
    }
    this.deck.tick(reading.over);
    if (reading.over && reading.tape.end && this.deck.dry) this.pause();
  }

  loud() {
    if (this.gain) this.gain.gain.value = volume.gain;
    if (this.audio) this.audio.volume = volume.gain;
  }

  // --- what is shown ---

  get words() {
    const said = wordsOf(this.closest("[words]") ?? this);
    const voice = this.getAttribute("label");
    return (name, values = {}) => said(name, { voice, ...values });
  }

  fail(text) {
    this.pause();
    this.show("error");
    this.tell("trouble", text);
  }

  tell(kind, text) {
    this.dispatchEvent(new CustomEvent(kind, { bubbles: true, detail: text }));
  }

  show(state) {
    this.state = state;
    this.dataset.state = state;
    if (state !== "playing") this.style.setProperty("--played", "0%");
    const verb = state === "playing" || state === "waiting" ? "pause" : "play";
    this.querySelector("button")?.setAttribute("aria-label", this.words(verb));
  }
}

function sampled(voice) {
  fresh = `?v=${Date.now()}`;
  for (const element of document.querySelectorAll("voice-sample"))
    if (element.getAttribute("voice") === voice) {
      element.setAttribute("sample", "");
      element.tell("told", "");
    }
  document.dispatchEvent(new CustomEvent("sampled", { detail: voice }));
}

// What is said of a voice stands in its card, where that has a place for it.
for (const kind of ["told", "trouble"])
  document.addEventListener(kind, ({ target, detail }) => {
    const place = target.closest("[data-voice]")?.querySelector(".heard");
    if (!place) return;
    place.textContent = detail;
    place.classList.toggle("trouble", kind === "trouble");
  });

customElements.define("voice-sample", VoiceSample);
