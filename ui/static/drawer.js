// A drawer takes the focus, and lies over the page until it is closed.
//
// It is an element of the class `drawer` that the server shows and hides with `aside`, and has the
// name of its first heading. Escape, or a press beside it, presses the button of the class `close` in
// it; then the focus is back where it was.

const drawers = document.getElementsByClassName("drawer");
const known = new WeakSet();
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
const close = (drawer) => drawer.querySelector("button.close")?.click();
const reachable = (drawer) =>
  [...drawer.querySelectorAll("a[href], input, select, textarea, button, summary, [tabindex='0']")].filter(
    (part) => part.offsetParent && !part.disabled,
  );

function opened(drawer) {
  drawer.setAttribute("role", "dialog");
  drawer.setAttribute("aria-modal", "true");
  name(drawer);
  // Gradio fills it in a moment.
  requestAnimationFrame(() => reachable(drawer)[0]?.focus());
}

function name(drawer) {
  const heading = drawer.querySelector("h1, h2, h3")?.textContent.trim();
  if (heading && drawer.getAttribute("aria-label") !== heading) drawer.setAttribute("aria-label", heading);
}

function watch(drawer) {
  let before = isOpen(drawer);
  const look = () => {
    const now = isOpen(drawer);
    if (now) name(drawer);
    if (now === before) return;
    before = now;
    if (now) opened(drawer);
    else if (opener) document.querySelector(opener)?.focus();
  };
  // The ground beside it is its own `::before`.
  drawer.addEventListener("click", ({ target, clientX }) => {
    if (target === drawer && clientX < drawer.getBoundingClientRect().left) close(drawer);
  });
  const seen = { attributes: true, attributeFilter: ["class"], childList: true, subtree: true };
  new MutationObserver(look).observe(drawer, seen);
}

document.addEventListener("keydown", (event) => {
  const drawer = [...drawers].find(isOpen);
  if (!drawer) return;
  if (event.key === "Escape" && !event.target.closest?.("[aria-expanded='true']"))
    close(drawer);
  if (event.key !== "Tab") return;
  const all = reachable(drawer);
  const [from, to] = event.shiftKey ? [all[0], all.at(-1)] : [all.at(-1), all[0]];
  if (event.target === from || !drawer.contains(event.target)) {
    event.preventDefault();
    to?.focus();
  }
});

// Gradio makes the page after the scripts are read.
new MutationObserver(() => {
  for (const drawer of drawers) {
    if (known.has(drawer)) continue;
    known.add(drawer);
    watch(drawer);
  }
}).observe(document.body, { childList: true, subtree: true });
