// One press is one job: Ctrl+Enter in any field of the form submits it; a double click or a key
// that is held down does not submit twice, and does not answer what it has just made be asked.

const ONCE = ".speech-start, button.stop";

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
    if (event.key !== "Enter") return;
    const field = event.target.closest?.("[id^='field-']");
    const submits = event.ctrlKey || event.metaKey || (event.shiftKey && field);
    if (event.repeat && (submits || event.target.closest?.(ONCE))) return hold(event);
    if (!field || !(event.ctrlKey || event.metaKey)) return;
    hold(event);
    document.querySelector(".speech-start")?.click();
  },
  true,
);

function hold(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
}
