// Where a sound was when its page was left, for when that is loaded again in the same tab. Gradio
// does so by itself once it has been without the network: then the sound goes on.

import { TAB, drop, recall, retain } from "./memory.js";

const KEPT = "speech-place";

let lost = false; // The network was away.
addEventListener("offline", () => (lost = true));

export function leaveAt(job, seconds, sounding) {
  retain(KEPT, { job, seconds, goesOn: sounding && lost }, TAB);
}

// `{ seconds, goesOn }`; it is told once.
export function placeOf(job) {
  const place = recall(KEPT, TAB);
  drop(KEPT, TAB);
  return place?.job === job ? place : { seconds: 0, goesOn: false };
}
