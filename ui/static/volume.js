// How loud this browser plays, whatever it plays: it remembers.

const KEPT = "speech-volume";

let { level = 1, muted = false } = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
const listeners = new Set();

export const volume = {
  get level() {
    return level;
  },
  get muted() {
    return muted;
  },
  // The factor for samples: ears hear half as loud what is a quarter.
  get gain() {
    return muted ? 0 : level * level;
  },
  set(changes) {
    ({ level, muted } = { level, muted, ...changes });
    localStorage.setItem(KEPT, JSON.stringify({ level, muted }));
    for (const listener of listeners) listener();
  },
  // Returns what ends it.
  watch(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};
