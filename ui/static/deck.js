// Plays a tape that may still grow, through WebAudio, without gaps: pieces are scheduled ahead.
//
// Timers of a page in the background run once a second, which AHEAD outlasts. `on.begins(delay)` is
// told when sound begins after silence, in seconds from now.

import { RATE } from "./tape.js";

const LEAD = 0.06; // Seconds between scheduling and sounding.
const AHEAD = 6; // Seconds scheduled at most.
const GATHER = [0.4, 4]; // Seconds gathered after the first gap, and at most: each takes twice as many.
const FADE = 0.012; // Seconds in which sound ends that is broken off, so that it does not click.

let shared = null;

export function audioContext() {
  shared ??= new AudioContext({ sampleRate: RATE });
  return shared;
}

export const audible = () => shared?.state === "running";

export class Deck {
  constructor(tape, output, on, start = 0) {
    this.tape = tape;
    this.output = output; // () => the node that it plays into.
    this.on = on;
    this.playing = false;
    this.cursor = start; // The sample that is scheduled next, which may not have come yet.
    this.rewind();
  }

  rewind() {
    this.next = null; // When that one sounds.
    this.heard = this.cursor;
    this.gather = GATHER[0] / 2;
    this.starved = false;
  }

  // In samples.
  get position() {
    if (this.next === null) return this.cursor;
    const ahead = Math.max(0, this.next - audioContext().currentTime);
    return Math.max(this.heard, this.cursor - ahead * RATE);
  }

  // Everything that there is has been heard.
  get dry() {
    return this.cursor >= this.tape.end && (this.next ?? 0) <= audioContext().currentTime;
  }

  play() {
    this.playing = true;
    this.tick(false);
  }

  pause() {
    this.seek(this.position);
    this.playing = false;
  }

  seek(sample) {
    const { start, end } = this.tape;
    this.silence();
    this.cursor = Math.round(Math.min(end, Math.max(start, sample)));
    this.rewind();
  }

  silence() {
    if (!this.fader) return;
    const { context, gain } = this.fader;
    gain.setTargetAtTime(0, context.currentTime, FADE / 4);
    for (const node of this.nodes) node.stop(context.currentTime + FADE);
    const fader = this.fader;
    setTimeout(() => fader.disconnect(), 1000 * FADE + 100);
    this.fader = null;
  }

  // `over`: nothing more will come.
  tick(over) {
    if (!this.playing || !audible()) return;
    const sound = audioContext();
    const now = sound.currentTime;
    if (this.next === null || this.next < now) {
      if (!this.ready(over)) return;
      this.next = now + LEAD;
      if (this.cursor < this.tape.end) this.on.begins(LEAD);
    }
    for (let samples; this.next - now < AHEAD; ) {
      samples = this.tape.from(this.cursor);
      if (!samples) break;
      this.schedule(samples);
    }
    this.tape.trim(this.position);
  }

  // Whether to begin: at once after silence, with a little in hand after a gap.
  ready(over) {
    const left = (this.tape.end - this.cursor) / RATE;
    if (this.next !== null && !over) {
      if (!this.starved) this.gather = Math.min(GATHER[1], 2 * this.gather);
      this.starved = true;
      if (left < this.gather) return false;
    }
    this.starved = false;
    return left > 0;
  }

  schedule(samples) {
    const sound = audioContext();
    const buffer = sound.createBuffer(1, samples.length, RATE);
    const channel = buffer.getChannelData(0);
    for (let index = 0; index < samples.length; index++) channel[index] = samples[index] / 32768;
    if (!this.fader) {
      this.fader = sound.createGain();
      this.fader.connect(this.output());
      this.nodes = new Set();
    }
    const { nodes } = this;
    const node = sound.createBufferSource();
    node.buffer = buffer;
    node.connect(this.fader);
    node.start(this.next);
    node.onended = () => nodes.delete(node);
    nodes.add(node);
    this.next += buffer.duration;
    this.cursor += samples.length;
  }
}
