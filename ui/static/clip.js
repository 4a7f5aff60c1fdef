// A word that can be copied: <button data-copy="WORD" data-done="Copied">Copy</button>.

const SHOWN = 1500; // Milliseconds.

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("button[data-copy]");
  if (!button) return;
  // Pages that came over plain http from another machine have no clipboard.
  const done = await navigator.clipboard?.writeText(button.dataset.copy).then(() => true, () => false);
  if (!done) return mark(button.parentElement);
  const label = button.textContent;
  button.textContent = button.dataset.done;
  setTimeout(() => (button.textContent = label), SHOWN);
});

function mark(element) {
  const range = document.createRange();
  range.selectNodeContents(element.firstChild ?? element);
  const selection = getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
}
