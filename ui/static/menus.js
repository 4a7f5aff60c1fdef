// <details class="menu"> and <details class="adds">: as menus do, they close at a press elsewhere and
// at Escape.

const OPEN = "details.menu[open], details.adds[open]";

function close(but) {
  for (const menu of document.querySelectorAll(OPEN))
    if (!menu.contains(but)) menu.removeAttribute("open");
}

document.addEventListener("click", (event) => close(event.target));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = event.target.closest?.(OPEN);
  close(null);
  menu?.querySelector("summary").focus();
});

// Whoever opens a field wants to write in it.
document.addEventListener(
  "toggle",
  (event) => {
    if (event.target.matches?.("details.adds[open]")) event.target.querySelector("input")?.focus();
  },
  true,
);
