// The waveform of a finished file, as the dashboard gives it.

import { HOME } from "./live.js";

const POINTS = 800;
const ALIKE = 0.05; // Share of its length by which a file may differ from its waveform's.

export class Outline {
  seconds = 0;
  points = [];

  // `file` is where the sound is; another version of it has another waveform.
  constructor(job, file) {
    const url = new URL(`waveform/${job}`, HOME);
    url.searchParams.set("points", POINTS);
    const version = new URL(file, location.href).searchParams.get("v");
    if (version) url.searchParams.set("v", version);
    this.fetch(url);
  }

  // Without it, a flat line tells nothing false.
  async fetch(url) {
    try {
      const answer = await fetch(url);
      if (answer.ok) Object.assign(this, await answer.json());
    } catch {
      // It cannot be fetched now, or broke off.
    }
  }

  // The peaks of a sound so long; none where they are of another one.
  of(length) {
    return Math.abs(this.seconds - length) <= ALIKE * length ? this.points : [];
  }
}
