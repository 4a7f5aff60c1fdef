// What a person opens takes the focus: a fold with a form in it, and a drawer, which lies over the
// page until it is closed.
//
// A drawer is an element of the class `drawer` that the server shows and hides with `aside`. Escape
// presses the button of the class `close` in it; then the focus is back where it was.

document.addEventListener(
  "toggle",
  ({ target }) => target.matches?.("details[open]") && target.querySelector("form input")?.focus(),
  true,
);

let opener = null; // What was pressed last: when a drawer closes, whoever opened it goes on there.

document.addEventListener(
  "click",
  ({ target }) => {
    const button = target.closest?.("button[data-action]");
    if (!button || button.closest(".drawer")) return;
    const { action, id } = button.dataset;
    opener = `button[data-action="${CSS.escape(action)}"][data-id="${CSS.escape(id)}"]`;
  },
  true,
);

const isOpen = (drawer) => !drawer.classList.contains("aside");
const fields = (drawer) =>
  [...drawer.querySelectorAll("input, textarea, button, [tabindex='0']")].filter((field) => field.offsetParent);

function opened(drawer) {
  drawer.setAttribute("role", "dialog");
  drawer.setAttribute("aria-modal", "true");
  // Gradio fills it in a moment.
  requestAnimationFrame(() => fields(drawer)[0]?.focus());
}

function watch(drawer) {
  let before = isOpen(drawer);
  new MutationObserver(() => {
    const now = isOpen(drawer);
    if (now === before) return;
    before = now;
    if (now) opened(drawer);
    else if (opener) document.querySelector(opener)?.focus();
  }).observe(drawer, { attributes: true, attributeFilter: ["class"] });
}

document.addEventListener("keydown", (event) => {
  const drawer = document.querySelector(".drawer:not(.aside)");
  if (!drawer) return;
  if (event.key === "Escape" && !event.target.closest?.("[aria-expanded='true']"))
    drawer.querySelector("button.close")?.click();
  if (event.key !== "Tab") return;
  const all = fields(drawer);
  const [from, to] = event.shiftKey ? [all[0], all.at(-1)] : [all.at(-1), all[0]];
  if (event.target === from || !drawer.contains(event.target)) {
    event.preventDefault();
    to?.focus();
  }
});

// Gradio makes the page after the scripts are read.
const waiting = new MutationObserver(() => {
  const drawer = document.querySelector(".drawer");
  if (!drawer) return;
  waiting.disconnect();
  watch(drawer);
});
if (/\/voices\/?$/.test(location.pathname)) waiting.observe(document.body, { childList: true, subtree: true });
