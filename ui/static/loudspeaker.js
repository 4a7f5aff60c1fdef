// Where the sound of a player goes: as loud as this browser plays, and measured on its way.

import { audioContext } from "./deck.js";
import { volume } from "./volume.js";

const SPAN = 1024; // Samples that are measured at a time.
const FADE = 200; // Milliseconds in which what has been broken off may still fade.

export class Loudspeaker {
  // Where others connect to. It is built when something sounds: browsers ask for a gesture first.
  get input() {
    if (this.gain) return this.gain;
    const sound = audioContext();
    this.gain = sound.createGain();
    this.gain.gain.value = volume.gain;
    this.analyser = sound.createAnalyser();
    this.analyser.fftSize = SPAN;
    this.wave = new Float32Array(SPAN);
    this.gain.connect(this.analyser);
    this.analyser.connect(sound.destination);
    this.unwatch = volume.watch(() =>
      this.gain.gain.setTargetAtTime(volume.gain, sound.currentTime, 0.01),
    );
    return this.gain;
  }

  // Lets an audio element be heard here; an element can be joined once.
  join(element) {
    if (this.element) return;
    this.element = audioContext().createMediaElementSource(element);
    this.element.connect(this.input);
  }

  // The highest amplitude at this moment, 0 to 1; null before anything has sounded.
  get level() {
    if (!this.analyser) return null;
    this.analyser.getFloatTimeDomainData(this.wave);
    return this.wave.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  }

  close() {
    this.unwatch?.();
    setTimeout(() => this.gain?.disconnect(), FADE);
  }
}
