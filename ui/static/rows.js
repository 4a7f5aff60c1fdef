// Lists that are shown anew while somebody is in them. Gradio gives the elements of one row to the
// next, so the focus would go on to another row's button: it follows its own row instead.

let held = null; // The button that has the focus, with the id of its row.

document.addEventListener("focusin", ({ target }) => {
  const row = target.closest?.("[data-action][data-id]");
  held = row ? { button: row, id: row.dataset.id, action: row.dataset.action } : null;
});

function follow() {
  if (!held) return;
  const { button, id, action } = held;
  const left = button.isConnected ? document.activeElement !== button : document.activeElement !== document.body;
  if (left || (button.isConnected && button.dataset.id === id)) return;
  const own = `[data-id="${CSS.escape(id)}"]`;
  const next = document.querySelector(`[data-action="${CSS.escape(action)}"]${own}`);
  const other = next ?? document.querySelector(`[data-action]${own}`);
  if (other) other.focus();
  else button.blur();
}

new MutationObserver(follow).observe(document.body, {
  subtree: true,
  childList: true,
  attributes: true,
  attributeFilter: ["data-id"],
});
