// The space bar plays and pauses what a page has to hear, wherever a person is on it, unless the
// key means something there: in a field, on a button, on a link.

import { onStage } from "./stage.js";

const OWN = [
  "a[href], button, input, select, textarea, summary, label, audio, video, iframe",
  "[contenteditable]:not([contenteditable=false]), [tabindex]:not([tabindex='-1'])",
].join();

document.addEventListener("keydown", (event) => {
  if (event.key !== " " || event.defaultPrevented || event.repeat) return;
  if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  if (event.target.closest?.(OWN)) return;
  const player = event.target.closest?.("speech-compare") ?? onStage() ?? find();
  if (!player) return;
  event.preventDefault(); // The page would scroll.
  player.toggle();
});

const find = () => document.querySelector("speech-player");
