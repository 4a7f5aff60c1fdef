// <speech-snippets ways='[{"name", "steps": [{"about", "code"}]}]' words='{…}'>: code to copy, a
// tab for each way to ask. The way that was chosen last is shown first, on every page.

import { copy } from "./copy.js";
import { recall, retain } from "./memory.js";

const CHOSEN = "speech-way";
const QUIET = 300; // Milliseconds without a change, before what the form holds is asked for.

function made(tag, attributes = {}, ...content) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...content);
  return element;
}

// What stands between backticks is code.
function prose(text) {
  return text.split("`").map((part, place) => (place % 2 ? made("code", {}, part) : part));
}

class SpeechSnippets extends HTMLElement {
  static observedAttributes = ["ways"];

  connectedCallback() {
    this.build();
  }

  // Gradio takes what is in an element out when it changes what is written on it.
  attributeChangedCallback() {
    if (!this.isConnected || this.renewing) return;
    this.renewing = true;
    setTimeout(() => {
      this.renewing = false;
      if (this.isConnected) this.build();
    });
  }

  build() {
    this.ways = JSON.parse(this.getAttribute("ways"));
    this.words = JSON.parse(this.getAttribute("words"));
    const names = this.ways.map((way) => way.name);
    const remembered = recall(CHOSEN);
    const focused = this.contains(document.activeElement) && document.activeElement.dataset.way;
    this.replaceChildren(this.tabs(names), ...this.ways.map((way) => this.panel(way)), this.foot());
    this.choose(names.includes(remembered) ? remembered : names[0]);
    if (focused) this.tab(focused)?.focus();
  }

  tabs(names) {
    const list = made("div", { role: "tablist", "aria-label": this.words.ways, class: "ways" });
    for (const name of names) {
      const tab = made("button", { type: "button", role: "tab", "data-way": name }, name);
      tab.id = `way-${name}`;
      tab.setAttribute("aria-controls", `snippet-${name}`);
      tab.addEventListener("click", () => this.choose(name, true));
      list.append(tab);
    }
    list.addEventListener("keydown", (event) => this.step(event, names));
    return list;
  }

  panel(way) {
    const attributes = { role: "tabpanel", id: `snippet-${way.name}`, "data-way": way.name };
    const panel = made("div", { ...attributes, "aria-labelledby": `way-${way.name}` });
    for (const { about, code } of way.steps) {
      panel.append(made("p", { class: "hint" }, ...prose(about)));
      if (code) panel.append(made("pre", { tabindex: "0" }, made("code", {}, code)));
    }
    return panel;
  }

  foot() {
    const button = made("button", { type: "button", class: "small copy" }, this.words.copy);
    button.addEventListener("click", () => this.copy());
    return made("div", { class: "choices" }, button, made("span", { role: "status", class: "hint" }));
  }

  tab(name) {
    return this.querySelector(`[role=tab][data-way="${name}"]`);
  }

  choose(name, remember = false) {
    if (remember) retain(CHOSEN, name);
    this.chosen = name;
    for (const tab of this.querySelectorAll("[role=tab]")) {
      const here = tab.dataset.way === name;
      tab.setAttribute("aria-selected", String(here));
      tab.tabIndex = here ? 0 : -1;
    }
    for (const panel of this.querySelectorAll("[role=tabpanel]")) {
      panel.hidden = panel.dataset.way !== name;
    }
    this.say("");
  }

  step(event, names) {
    const ways = { ArrowRight: 1, ArrowLeft: -1 };
    if (!(event.key in ways)) return;
    event.preventDefault();
    const place = names.indexOf(this.chosen) + ways[event.key];
    const name = names[(place + names.length) % names.length];
    this.choose(name, true);
    this.tab(name).focus();
  }

  async copy() {
    const way = this.ways.find(({ name }) => name === this.chosen);
    const parts = way.steps.map((step) => step.code).filter(Boolean);
    const text = `${parts.join("\n")}\n`;
    const shown = this.querySelector("[role=tabpanel]:not([hidden])");
    this.say((await copy(text, shown)) ? this.words.copied : this.words.marked);
  }

  say(words) {
    this.querySelector("[role=status]").textContent = words;
  }
}

let waiting = null;

function isTyping() {
  return document.activeElement?.matches?.("textarea, input[type=text]");
}

// Nothing is asked for while the fold is closed.
function changed() {
  clearTimeout(waiting);
  if (!document.querySelector("#snippets")?.checkVisibility()) return;
  waiting = setTimeout(() => document.querySelector("#show-snippets")?.click(), QUIET);
}

document.addEventListener("speech-form-changed", changed);
document.addEventListener("speech-form-filled", () => isTyping() || changed());

customElements.define("speech-snippets", SpeechSnippets);
