// One press is one job: Ctrl+Enter in any field of the form submits it, Shift+Enter in its texts; a
// double click or a key that is held down does not submit twice, and does not answer what it has
// just made be asked.

const START = ".speech-start";
const ONCE = `${START}, button.stop`;

document.addEventListener(
  "click",
  (event) => {
    // Browsers count the clicks that follow each other at once.
    if (event.detail > 1 && event.target.closest?.(ONCE)) hold(event);
  },
  true,
);

document.addEventListener(
  "keydown",
  (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    const start = document.querySelector(START);
    const submits = start && isSubmitting(event);
    if (submits || (event.repeat && event.target.closest?.(ONCE))) hold(event);
    if (submits && !event.repeat) start.click();
  },
  true,
);

function isSubmitting({ target, ctrlKey, metaKey, shiftKey }) {
  if (!target.closest?.("[id^='field-']")) return false;
  return ctrlKey || metaKey || (shiftKey && target.matches("textarea"));
}

function hold(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
}
