// <speech-lines>: the table of a recording's lines, played one by one or from one on to the last.
//
// Each <tbody data-line data-src> is a line. Keys: j, k and the arrows move, Space and Enter play,
// Shift with them plays on from there. State for others to read: data-state (idle, playing, error),
// data-playing (the number of the line that sounds); the line itself has data-sounding.

import { HOME } from "./live.js";
import { claim, leave } from "./stage.js";
import { volume } from "./volume.js";
import { wordsOf } from "./words.js";

const TABLE = 700; // Pixels that a table of lines needs; with less, each line is a card.
const FITTED = 850; // The same of one that tells how cues fit.
const PATIENCE = 10_000; // Milliseconds in which the next page of lines goes on by itself.

class SpeechLines extends HTMLElement {
  connectedCallback() {
    this.audio = new Audio();
    this.next = new Audio(); // Only fetches what sounds after this one.
    this.queue = [];
    this.at = null; // Number of the line that keys move from.
    this.playing = null;
    this.turnedAt = -Infinity; // When the next page was asked for, to go on with.
    this.broken = false; // What sounded last cannot be played.
    this.ungovern = volume.govern(this.audio);
    // Gradio may take it out of the page and put it back.
    this.listening = new AbortController();
    const answers = { click: this.pressed, change: this.picked, keydown: this.key, focusin: this.moved };
    for (const [name, answer] of Object.entries(answers))
      this.addEventListener(name, answer, { signal: this.listening.signal });
    this.audio.addEventListener("ended", () => this.ended());
    this.audio.addEventListener("error", () => this.audio.src && this.fail());
    this.audio.addEventListener("pause", () => this.paint());
    this.audio.addEventListener("play", () => this.paint());
    // Gradio changes what is in the table in place, and takes off what was painted on it.
    this.watching = new MutationObserver(() => this.renewed());
    this.watching.observe(this, { childList: true, subtree: true });
    this.measuring = new ResizeObserver(() => this.measure());
    this.measuring.observe(this);
    this.paint();
  }

  disconnectedCallback() {
    this.watching.disconnect();
    this.measuring.disconnect();
    this.listening.abort();
    this.ungovern();
    this.audio.pause();
    leave(this);
  }

  pause() {
    this.audio.pause();
  }

  // What sounds, or did last, for the space bar.
  toggle() {
    if (!this.playing) return;
    this.audio.paused ? this.goOn() : this.pause();
  }

  goOn() {
    claim(this);
    this.audio.play().catch(() => {}); // Of what cannot be fetched the error event tells.
  }

  lines() {
    return [...this.querySelectorAll("tbody[data-line]")];
  }

  line(number) {
    return this.querySelector(`tbody[data-line="${number}"]`);
  }

  // --- sound ---

  // Each of the queue is `{ element, src }`: a line or a take.
  play(queue, on = false) {
    this.queue = queue;
    this.on = on;
    this.turnedAt = -Infinity;
    this.begin();
  }

  begin() {
    const [now, after] = this.queue;
    if (!now) return this.stop();
    this.playing = now;
    this.broken = false;
    this.audio.src = now.src;
    if (after) {
      this.next.preload = "auto";
      this.next.src = after.src;
    }
    this.goOn();
    const line = now.element.closest("tbody");
    if (line.dataset.line !== this.at) this.move(line, false);
    if (this.on) this.reveal(line);
    this.paint();
  }

  ended() {
    this.queue.shift();
    if (this.queue.length) return this.begin();
    const more = this.on && this.querySelector('button[data-action="next"]');
    if (!more) return this.stop();
    this.turnedAt = performance.now(); // The lines of the next page go on where these end.
    more.click();
  }

  stop() {
    this.queue = [];
    this.playing = null;
    this.audio.pause();
    leave(this);
    this.paint();
  }

  fail() {
    this.broken = true;
    this.turnedAt = -Infinity;
    this.stop();
  }

  turn(line) {
    if (this.playing?.element === line && !this.audio.ended) return this.toggle();
    if (line.dataset.src) this.play([of(line)]);
  }

  playFrom(line) {
    const lines = this.lines();
    const queue = lines.slice(lines.indexOf(line)).filter((each) => each.dataset.src);
    this.play(queue.map(of), true);
  }

  // --- what a person does ---

  pressed(event) {
    const button = event.target.closest("button");
    const line = event.target.closest("tbody");
    if (!line) return;
    if (!button) return this.onRow(event, line);
    if ("play" in button.dataset) this.turn(line);
    if ("from" in button.dataset) this.playFrom(line);
    if ("compare" in button.dataset) this.play([...line.querySelectorAll("li[data-src]")].map(of));
    if ("seek" in button.dataset) {
      this.pause();
      document.querySelector("speech-player")?.seek?.(Number(button.dataset.seek));
    }
    if (button.dataset.action === "again") this.edit(line);
  }

  onRow(event, line) {
    if (event.target.closest("input, label, a, speech-sample")) return;
    if (String(getSelection())) return; // Somebody copies words.
    this.move(line, true);
  }

  edit(line) {
    for (const each of this.lines()) each.toggleAttribute("data-edited", each === line);
  }

  key(event) {
    const line = event.target.closest("tbody");
    if (!line || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input:not([type=checkbox]), select, textarea")) return;
    const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
    const onRow = event.target.matches("tr");
    if (step) this.step(line, step);
    else if (onRow && (event.key === "Enter" || event.key === " ")) {
      if (!event.repeat) event.shiftKey ? this.playFrom(line) : this.turn(line);
    } else if (event.key === "Escape") this.stop();
    else return;
    event.preventDefault();
  }

  step(line, by) {
    const lines = this.lines();
    const other = lines[lines.indexOf(line) + by];
    if (other) this.move(other, true);
  }

  move(line, focus) {
    this.at = line.dataset.line;
    this.paint();
    if (focus) {
      line.rows[0].focus({ preventScroll: true });
      this.reveal(line);
    }
  }

  moved({ target }) {
    const line = target.closest("tbody");
    if (!line || line.dataset.line === this.at) return;
    this.at = line.dataset.line;
    this.paint();
  }

  reveal(line) {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    line.scrollIntoView({ behavior: still ? "auto" : "smooth", block: "nearest" });
  }

  // --- several lines ---

  boxes() {
    return [...this.querySelectorAll("input[data-pick]")];
  }

  picked({ target: box }) {
    if (box.dataset.every !== undefined)
      for (const each of this.boxes()) each.checked = box.checked;
    this.count();
  }

  count() {
    const chosen = this.boxes().filter((box) => box.checked).map((box) => box.value);
    const button = this.querySelector('button[data-action="again-all"]');
    if (!button) return;
    const ids = chosen.join(",");
    if (button.dataset.id === ids && button.disabled === !ids) return;
    button.dataset.id = ids;
    button.disabled = !ids;
    const words = wordsOf(this);
    button.textContent = ids ? words("several", { count: chosen.length }) : words("none");
  }

  // --- what is shown ---

  get turning() {
    return performance.now() - this.turnedAt < PATIENCE;
  }

  renewed() {
    const first = this.lines()[0];
    if (this.turning && first && first.dataset.line !== this.first) this.playFrom(first);
    if (this.playing && !this.playing.element.isConnected) this.stop();
    this.count();
    this.paint();
  }

  // Its place, which Gradio leaves alone, tells whether there is room for a table.
  measure() {
    const needed = this.querySelector("th.fit-in") ? FITTED : TABLE;
    this.parentElement.toggleAttribute("data-narrow", this.clientWidth < needed);
  }

  paint() {
    const lines = this.lines();
    const current = this.line(this.at) ?? lines[0];
    const sounds = this.playing && !this.audio.paused;
    const sounding = this.playing?.element.closest("tbody");
    if (!this.turning) this.first = lines[0]?.dataset.line;
    for (const line of lines) {
      line.rows[0].tabIndex = line === current ? 0 : -1;
      mark(line, "data-sounding", sounds && line === sounding);
      mark(line, "data-current", line === sounding);
    }
    for (const take of this.querySelectorAll("li[data-src]"))
      mark(take, "data-sounding", sounds && take === this.playing.element);
    this.dataset.state = sounds ? "playing" : this.broken ? "error" : "idle";
    this.tell(this.broken ? wordsOf(this)("error") : "");
    if (sounds) this.dataset.playing = sounding.dataset.line;
    else delete this.dataset.playing;
  }

  // Beside what is done with several lines.
  tell(trouble) {
    const place = this.querySelector(".tools");
    let said = place?.querySelector(".trouble");
    if (!place || (!said && !trouble)) return;
    if (!said) {
      said = document.createElement("span");
      said.className = "trouble";
      said.setAttribute("role", "alert");
      place.append(said);
    }
    if (said.textContent !== trouble) said.textContent = trouble;
  }
}

function of(element) {
  return { element, src: new URL(element.dataset.src, HOME).href };
}

function mark(element, name, on) {
  if (element.hasAttribute(name) !== Boolean(on)) element.toggleAttribute(name, Boolean(on));
}

// The form beside the lines is closed: none of them is changed any more.
document.addEventListener("click", (event) => {
  if (!event.target.closest?.("#retake-close, #retake-speak")) return;
  for (const line of document.querySelectorAll("tbody[data-edited]"))
    line.removeAttribute("data-edited");
});

customElements.define("speech-lines", SpeechLines);
