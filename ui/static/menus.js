// What opens and closes by its summary: <details class="menu"> and <details class="adds"> close, as
// menus do, at a press elsewhere and at Escape.

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

// Whoever opens a fold with a form in it wants to write there; a menu has more than its form.
document.addEventListener(
  "toggle",
  ({ target }) => target.matches?.("details[open]:not(.menu)") && target.querySelector("form input")?.focus(),
  true,
);
