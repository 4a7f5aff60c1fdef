// The sound of a job as it was received, from its beginning, in pieces; the oldest are let go.

export const RATE = 24000;
export const KEPT = 10 * 60; // Seconds behind what is heard that can be heard again.

export class Tape {
  pieces = []; // { at, samples }: where it begins, in samples, and s16.
  end = 0;

  get start() {
    return this.pieces[0]?.at ?? this.end;
  }

  add(samples) {
    this.pieces.push({ at: this.end, samples });
    this.end += samples.length;
  }

  // What is kept from that sample on, as far as one piece goes; null where nothing follows.
  from(sample) {
    let low = 0;
    let high = this.pieces.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const { at, samples } = this.pieces[middle];
      if (at + samples.length <= sample) low = middle + 1;
      else high = middle;
    }
    const piece = this.pieces[low];
    return piece ? piece.samples.subarray(Math.max(0, sample - piece.at)) : null;
  }

  // Let go what is long past when `sample` is heard.
  trim(sample) {
    const first = sample - KEPT * RATE;
    while (this.pieces.length && this.pieces[0].at + this.pieces[0].samples.length < first)
      this.pieces.shift();
  }
}
