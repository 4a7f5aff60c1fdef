// What can be copied: <button data-copy="WORD" data-done="Copied">Copy</button>, and whatever calls
// `copy`.

const SHOWN = 1500; // Milliseconds.

// Tells whether `text` is on the clipboard; otherwise `shown` is marked, so that a person can copy it.
export async function copy(text, shown) {
  // Pages that came over plain http from another machine have no clipboard.
  const done = await navigator.clipboard?.writeText(text).then(() => true, () => false);
  if (!done) mark(shown);
  return Boolean(done);
}

function mark(shown) {
  const range = document.createRange();
  range.selectNodeContents(shown);
  const selection = getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("button[data-copy]");
  if (!button || button.dataset.label) return;
  const { parentElement: place } = button;
  if (!(await copy(button.dataset.copy, place.firstChild ?? place))) return;
  button.dataset.label = button.textContent;
  button.textContent = button.dataset.done;
  setTimeout(() => {
    button.textContent = button.dataset.label;
    delete button.dataset.label;
  }, SHOWN);
});
