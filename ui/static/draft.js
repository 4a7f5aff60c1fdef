// The draft of a page: what was typed and chosen, kept in the browser until it is begun afresh.
//
// `fields` are [name, sign, way, blank] in the order of the values: a value that was kept under
// another sign does not fit any more; the way is "plain" (shown again here), "asked" or "file"
// (shown again by the server, which has to ask for it first); a blank one begins empty.

import { drop, recall, retain } from "./memory.js";

const LONGEST = 1_000_000; // Characters of a text that is kept; localStorage holds a few million.
const CALM = 300; // Milliseconds without a change before anything is written.
const NAMING = ["job", "voice", "emotion", "preset"];
const ASIDE = "#rail, #afresh, #recent, speech-player";

const place = `speech-draft:${location.pathname}`;
let touched = false; // What the page itself fills in is no draft.
let pending = null;
let timer = null;

function touch(event) {
  if (event.isTrusted && !event.target.closest?.(ASIDE)) touched = true;
}
for (const kind of ["input", "change", "click", "drop"])
  document.addEventListener(kind, touch, true);
addEventListener("pagehide", () => write());

export function keep(fields, values) {
  if (!touched) return [];
  pending = { fields, values };
  clearTimeout(timer);
  timer = setTimeout(write, CALM);
  return [];
}

function write() {
  if (!pending) return;
  const { fields, values } = pending;
  pending = null;
  let long = false;
  const kept = {};
  fields.forEach(([name, sign, way], at) => {
    const value = way === "file" ? uploaded(name) : values[at];
    if (typeof value === "string" && value.length > LONGEST) long = true;
    else kept[name] = [sign, value ?? null];
  });
  if (retain(place, kept)) {
    // Loaded again, a page with a link's address shows what was typed on it since.
    history.replaceState({ ...history.state, typed: true }, "");
  } else {
    drop(place);
    long = true;
  }
  tell(long ? "long" : "kept");
}

function uploaded(name) {
  return document.querySelector(`#said-${CSS.escape(name)} [data-upload]`)?.dataset.upload;
}

function tell(what) {
  const said = document.querySelector("#draft p");
  if (!said) return;
  said.textContent = said.dataset[what] ?? "";
  said.dataset.state = what;
}

function read() {
  const way = performance.getEntriesByType("navigation")[0]?.type;
  const returns = way === "reload" || way === "back_forward";
  const query = new URLSearchParams(location.search);
  if (NAMING.some((name) => query.has(name)) && !(returns && history.state?.typed)) return {};
  return recall(place) ?? {};
}

function found(fields) {
  const kept = read();
  return fields.map(([name, sign]) => (kept[name]?.[0] === sign ? kept[name][1] : undefined));
}

// The values that are shown again here; what is undefined stays as it is.
export function restored(fields) {
  const values = found(fields);
  return fields.map(([, , way, blank], at) => {
    if (blank) return values[at] ?? null; // Gradio shows 0 until it is told.
    return way === "plain" ? values[at] : undefined;
  });
}

// What the server shows again, by name; null where there is no draft.
export function asked(fields) {
  const kept = read();
  if (!Object.keys(kept).length) return [null];
  const values = found(fields);
  const rest = fields.map(([name, , way], at) => [name, way === "plain" ? undefined : values[at]]);
  return [Object.fromEntries(rest.filter(([, value]) => value !== undefined && value !== null))];
}

export function forget() {
  touched = false;
  pending = null;
  clearTimeout(timer);
  drop(place);
  history.replaceState({ ...history.state, typed: false }, "", location.pathname);
  tell("");
  return [];
}
