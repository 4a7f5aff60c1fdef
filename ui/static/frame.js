// The menu on a phone, and the colours that a person has chosen.

import { recall, retain } from "./memory.js";

const CHOSEN = "speech-colours"; // "light" or "dark"; nothing: those of the system.

function paint() {
  const chosen = recall(CHOSEN);
  if (chosen) document.body.classList.toggle("dark", chosen === "dark");
}

function turn() {
  const dark = !document.body.classList.contains("dark");
  retain(CHOSEN, dark ? "dark" : "light");
  paint();
}

function open(button) {
  const rail = button.closest("#rail");
  const opened = rail.toggleAttribute("data-open");
  button.setAttribute("aria-expanded", String(opened));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("#rail button");
  if (button?.classList.contains("colours")) turn();
  if (button?.classList.contains("menu")) open(button);
});

// Gradio puts on the colours of the system when it starts.
new MutationObserver(paint).observe(document.body, { attributes: true, attributeFilter: ["class"] });
paint();
