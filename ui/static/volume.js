// How loud this browser plays, whatever it plays: it remembers.

import { recall, retain } from "./memory.js";

const KEPT = "speech-volume";

const kept = recall(KEPT);
let level = Number.isFinite(kept?.level) ? Math.min(1, Math.max(0, kept.level)) : 1;
let muted = kept?.muted === true;
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
    retain(KEPT, { level, muted });
    for (const listener of listeners) listener();
  },
  // Returns what ends it.
  watch(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  // Lets audio elements be as loud as all else; returns what ends it.
  govern(...sounds) {
    const follow = () => {
      for (const sound of sounds) sound.volume = volume.gain;
    };
    follow();
    return volume.watch(follow);
  },
};
