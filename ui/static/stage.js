// The stage of a page: only one thing sounds on it at a time.
//
// Whatever begins to sound claims the stage, and who had it is paused. A source is any object with
// `pause()`, which makes it silent and may be called of one that is silent already, and `toggle()`,
// with which the space bar pauses it and starts it again; see keyboard.js.

let present = null;

export function claim(source) {
  const before = present;
  present = source;
  if (before !== source) before?.pause();
}

// To be called by what is taken out of the page.
export function leave(source) {
  if (present === source) present = null;
}

// Who sounds, or did last.
export const onStage = () => present;
