// <voice-picker value="ID" label="WHAT" info="…" of="stored|preset" open="left open" designed="…">
//
// A button that shows the voice that is chosen, and plays it; it opens a panel with all voices, to
// search, to hear and to choose from. `of` says which ones: those that can be cloned, or the preset
// speakers. `open` names the choice of none, with the voice `heard` in its place; `designed` that of
// a voice in no library. A choice is in `value`, and an event "change". `words`, of it or of what it
// stands in: see words.js.

import { HOME } from "./live.js";
import { answered } from "./voice-sample.js";
import { wordsOf } from "./words.js";

const DESIGNED = "-";
const GAP = 6; // Pixels between the button and its panel, and between the panel and the window.

// --- the voices: asked for once a page, and anew whenever a panel opens ---

let known = { voices: [], words: {} };
let asking = null;

function look(words = () => "") {
  asking ??= answered(fetch(new URL("voice", HOME), { cache: "no-store" }), words)
    .then((found) => {
      known = found;
      for (const picker of document.querySelectorAll("voice-picker")) picker.paint?.();
    })
    .finally(() => (asking = null));
  return asking;
}

document.addEventListener("sampled", () => look().catch(() => {}));

const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

const words = ({ id, name, kind, facts, description, tags }) =>
  folded([id, name, kind, facts, description, ...tags].join("\n"));

function made(tag, properties = {}, ...content) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...content);
  return element;
}

function setAll(element, attributes) {
  for (const [name, value] of Object.entries(attributes))
    if (value === null || value === false) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? "" : value);
  return element;
}

// Lets the round button `element` play `voice`, or the one that speaks in its place.
function sounds(element, choice) {
  const voice = choice?.as ? known.voices.find(({ id }) => id === choice.as) : choice;
  const { id = "", facts, name = "", sample = false } = voice ?? {};
  setAll(element, { voice: facts ? id : "", sample, label: name, inert: !facts });
  element.style.setProperty("--hue", voice?.hue ?? 0);
  return element;
}

// --- the button ---

class VoicePicker extends HTMLElement {
  static observedAttributes = ["value", "label", "info", "of", "open", "heard", "designed"];

  connectedCallback() {
    if (!this.watching) {
      this.watching = new MutationObserver(() => this.paint());
      this.addEventListener("keydown", (event) => this.key(event));
      // A press beside an open panel closes it before anybody hears of the click.
      this.addEventListener("pointerdown", () => (this.wasOpen = panel.picker === this));
      this.addEventListener("click", (event) => {
        if (!event.target.closest(".chosen")) return;
        if (this.wasOpen && event.detail) panel.close(this);
        else panel.open(this);
      });
    }
    this.paint();
    if (!known.voices.length) look(this.words).catch(() => {});
  }

  disconnectedCallback() {
    this.watching.disconnect();
    panel.close(this);
  }

  attributeChangedCallback() {
    if (this.watching && this.isConnected) this.paint();
  }

  get value() {
    return this.getAttribute("value") ?? "";
  }

  set value(id) {
    this.setAttribute("value", id);
  }

  get words() {
    return wordsOf(this.closest("[words]") ?? this);
  }

  get label() {
    return this.getAttribute("label") ?? "";
  }

  // All that can be chosen here, as the panel shows it.
  get choices() {
    const of = this.getAttribute("of");
    const fits = { stored: (kind) => kind !== "preset", preset: (kind) => kind === "preset" }[of];
    const others = [
      { id: DESIGNED, name: this.getAttribute("designed") },
      { id: "", name: this.getAttribute("open"), as: this.getAttribute("heard") },
    ];
    const offered = known.voices.filter((voice) => fits?.(voice.kind) ?? true);
    return [...others.filter(({ name }) => name), ...offered];
  }

  get chosen() {
    return this.choices.find(({ id }) => id === this.value);
  }

  choose(id) {
    const other = id !== this.value;
    this.value = id;
    if (other) this.dispatchEvent(new Event("change", { bubbles: true }));
  }

  key(event) {
    if (!event.target.closest(".chosen")) return;
    const typed = event.key.length === 1 && /\S/.test(event.key) && !event.ctrlKey && !event.metaKey;
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp" && !typed) return;
    event.preventDefault();
    panel.open(this, typed ? event.key : "");
  }

  // Gradio may have taken out, or written over, what is in here.
  paint() {
    this.watching.disconnect();
    if (!this.querySelector(".chosen"))
      this.replaceChildren(
        made("span", { className: "label" }),
        made("voice-sample", {}, made("button", { type: "button", className: "play" })),
        made("button", { type: "button", className: "chosen" }),
        made("span", { className: "about" }),
      );
    const voice = this.chosen;
    const gone = known.voices.length && this.value ? known.words.gone : "";
    const name = voice?.name ?? (this.value || known.words.choose || "…");
    const facts = voice?.facts ?? (voice ? "" : gone);
    const about = this.getAttribute("info") || voice?.description || "";
    this.put(".label", this.label);
    this.put(".about", about);
    sounds(this.querySelector("voice-sample"), voice);
    const button = this.querySelector(".chosen");
    button.replaceChildren(
      made("strong", { textContent: name }),
      made("span", { className: "hint", textContent: facts }),
    );
    setAll(button, {
      "aria-description": about || null,
      "aria-haspopup": "dialog",
      "aria-expanded": String(panel?.picker === this),
      "aria-label": [this.label, [name, facts].filter(Boolean).join(", ")].filter(Boolean).join(": "),
    });
    this.watching.observe(this, { childList: true, subtree: true });
  }

  put(place, text) {
    const element = this.querySelector(place);
    if (element) element.textContent = text;
  }
}

// --- the panel: one for all pickers of a page ---

class Panel {
  constructor() {
    this.search = made("input", { type: "text", autocomplete: "off", spellcheck: false });
    setAll(this.search, {
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-haspopup": "grid",
      "aria-expanded": "true",
      "aria-controls": "voice-choices",
    });
    this.list = setAll(made("div", { id: "voice-choices", className: "voice-choices" }), { role: "grid" });
    this.said = setAll(made("p", { className: "hint said" }), { role: "status" });
    this.keys = made("p", { className: "hint keys" });
    this.box = made("div", { className: "voice-panel" }, this.search, this.list, this.said, this.keys);
    setAll(this.box, { popover: "auto", role: "dialog", tabindex: "-1" });
    this.search.addEventListener("input", () => this.filter());
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.box.addEventListener("focusout", ({ relatedTarget: to }) => {
      if (to && !this.box.contains(to)) this.box.hidePopover();
    });
    this.box.addEventListener("toggle", (event) => event.newState === "closed" && this.closed());
    this.box.addEventListener("told", (event) => this.say(event.detail));
    this.box.addEventListener("trouble", (event) => this.say(event.detail, true));
    this.list.addEventListener("click", (event) => {
      const row = event.target.closest("[role=row]");
      if (row && !event.target.closest("voice-sample")) this.choose(row);
    });
    for (const kind of ["scroll", "resize"])
      addEventListener(kind, () => this.picker && this.put(), { passive: true, capture: kind === "scroll" });
    this.picker = null;
  }

  open(picker, query = "") {
    const home = document.querySelector(".gradio-container .contain") ?? document.body;
    if (this.box.parentElement !== home) home.append(this.box);
    if (this.picker) this.box.hidePopover();
    this.picker = picker;
    this.search.value = query;
    this.fill();
    this.box.showPopover();
    this.put();
    this.mark(this.rows.find(({ id }) => id === picker.value) ?? this.shown[0]);
    picker.paint();
    // On a telephone the keyboard would lie over half of the voices.
    (matchMedia("(pointer: coarse)").matches ? this.box : this.search).focus({ preventScroll: true });
    look(picker.words).then(
      () => this.picker === picker && this.renew(),
      (error) => this.picker === picker && this.say(error.message, true),
    );
  }

  close(picker) {
    if (this.picker === picker) this.box.hidePopover();
  }

  closed() {
    const picker = this.picker;
    this.picker = null;
    this.list.replaceChildren();
    this.said.textContent = "";
    picker?.paint();
    const focused = document.activeElement;
    if (picker?.isConnected && (focused === document.body || this.box.contains(focused)))
      picker.querySelector(".chosen").focus({ preventScroll: true });
  }

  // --- what is shown ---

  // The list once more, unless it is the same; what is marked stays marked.
  renew() {
    const now = JSON.stringify(this.picker.choices);
    if (now === this.filled) return;
    const marked = this.active?.id;
    this.fill();
    this.mark(this.rows.find(({ id }) => id === marked) ?? this.shown[0]);
  }

  fill() {
    const { search, voices, keys } = known.words;
    const choices = this.picker.choices;
    this.filled = JSON.stringify(choices);
    const title = this.picker.label || voices || "";
    setAll(this.box, { "aria-label": title });
    setAll(this.list, { "aria-label": voices ?? title, words: JSON.stringify(known.words.sample ?? {}) });
    setAll(this.search, { placeholder: search ?? "", "aria-label": search ?? title });
    this.keys.textContent = keys ?? "";
    this.rows = choices.map((voice, place) => this.row(voice, place));
    this.list.replaceChildren(...this.rows.map(({ element }) => element));
    this.filter();
  }

  row(voice, place) {
    const play = made("button", { type: "button", className: "play", tabIndex: -1 });
    const heard = sounds(made("voice-sample", {}, play), voice);
    const name = made("div", {}, made("strong", { textContent: voice.name }));
    name.append(made("span", { className: "hint", textContent: voice.facts ?? "" }));
    const told = made("div", { className: "told-of" }, name);
    if (voice.description) told.append(made("div", { className: "hint", textContent: voice.description }));
    const tags = (voice.tags ?? []).map((tag) => made("span", { className: "badge", textContent: tag }));
    if (voice.preview) tags.push(made("span", { className: "badge preview", textContent: known.words.preview }));
    if (tags.length) told.append(made("div", { className: "choices" }, ...tags));
    const cells = [heard, told].map((part) => setAll(made("div", {}, part), { role: "gridcell" }));
    const element = setAll(made("div", { id: `voice-choice-${place}` }, ...cells), {
      role: "row",
      "aria-selected": String(voice.id === this.picker.value),
      "data-choice": voice.id,
    });
    return { id: voice.id, element, play, words: voice.facts ? words(voice) : folded(voice.name) };
  }

  filter() {
    const wanted = folded(this.search.value).split(/\s+/).filter(Boolean);
    for (const row of this.rows)
      row.element.hidden = !wanted.every((word) => row.words.includes(word));
    if (!this.shown.includes(this.active)) this.mark(this.shown[0]);
    const { none, empty } = known.words;
    this.say(this.shown.length ? "" : (this.rows.length ? none : empty) ?? "");
  }

  get shown() {
    return this.rows.filter(({ element }) => !element.hidden);
  }

  mark(row) {
    this.active?.element.classList.remove("active");
    if (this.active) this.active.play.tabIndex = -1;
    this.active = row;
    setAll(this.search, { "aria-activedescendant": row?.element.id ?? null });
    if (!row) return;
    row.element.classList.add("active");
    row.play.tabIndex = 0;
    row.element.scrollIntoView({ block: "nearest" });
  }

  say(text, trouble = false) {
    this.said.textContent = text;
    this.said.classList.toggle("trouble", trouble);
    this.said.setAttribute("role", trouble ? "alert" : "status");
  }

  // Beside its button, where there is room; a phone shows it as a sheet, as the style says.
  put() {
    const { left, top, bottom, width } = this.picker.getBoundingClientRect();
    const wide = Math.min(Math.max(width, 420), innerWidth - 2 * GAP);
    const below = innerHeight - bottom - 2 * GAP;
    const above = top - 2 * GAP;
    const under = below >= Math.min(420, above);
    Object.assign(this.box.style, {
      width: `${wide}px`,
      left: `${Math.max(GAP, Math.min(left, innerWidth - wide - GAP))}px`,
      top: under ? `${bottom + GAP}px` : "auto",
      bottom: under ? "auto" : `${innerHeight - top + GAP}px`,
      maxHeight: `${Math.max(220, Math.min(460, under ? below : above))}px`,
    });
  }

  // --- what a person does ---

  key(event) {
    if (event.isComposing) return;
    const rows = this.shown;
    const at = rows.indexOf(this.active);
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 6, PageUp: at - 6 };
    if (event.key in moves && rows.length) {
      event.preventDefault();
      this.mark(rows[Math.max(0, Math.min(rows.length - 1, moves[event.key]))]);
    } else if (event.key === "Enter" && event.target === this.search) {
      event.preventDefault();
      if (this.active) this.choose(this.active.element);
    } else if (event.key === "ArrowRight" && this.atEnd(event.target) && this.active) {
      event.preventDefault();
      this.active.play.click();
    }
  }

  atEnd(target) {
    return target !== this.search || this.search.selectionStart === this.search.value.length;
  }

  choose(element) {
    const picker = this.picker;
    this.box.hidePopover();
    picker.choose(element.dataset.choice);
  }
}

const panel = new Panel();
customElements.define("voice-picker", VoicePicker);
