// What sound looks like: its peaks, gathered while it comes, and a canvas that shows them as bars.

const ROOM = 2048; // Peaks that are kept; whenever there are so many, each two become one.
const STEP = 240; // Samples of a peak at first.
const BAR = 3; // CSS pixels of a bar and the gap behind it.
const GAP = 1;
const QUIETEST = 0.35; // A recording whose peaks are lower is not drawn as loud as others.

export class Peaks {
  constructor() {
    this.room = new Float32Array(ROOM);
    this.count = 0;
    this.step = STEP;
    this.most = 0; // Of the peak that is not full.
    this.filled = 0;
  }

  add(samples) {
    for (let index = 0; index < samples.length; index++) {
      const height = Math.abs(samples[index]) / 32768;
      if (height > this.most) this.most = height;
      if (++this.filled === this.step) this.push();
    }
  }

  push() {
    this.room[this.count++] = this.most;
    this.most = this.filled = 0;
    if (this.count < ROOM) return;
    for (let index = 0; index < ROOM / 2; index++)
      this.room[index] = Math.max(this.room[2 * index], this.room[2 * index + 1]);
    this.count = ROOM / 2;
    this.step *= 2;
  }

  get values() {
    return this.room.subarray(0, this.count);
  }
}

export class Waveform {
  constructor(canvas) {
    this.canvas = canvas;
    this.shown = "";
  }

  // `values`: peaks from 0 to 1, none for a flat line; `played` and `hovered`: shares of the width,
  // null for nowhere. Nothing is done where it would look the same.
  draw(values, played, hovered) {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const ratio = devicePixelRatio;
    const looks = [
      width, height, ratio, document.body.className, values.length, values.at(-1),
      Math.round(played * width * ratio), hovered === null ? "" : Math.round(hovered * width),
    ].join();
    if (looks === this.shown || !width) return;
    this.shown = looks;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    const pen = this.canvas.getContext("2d");
    pen.scale(ratio, ratio);
    const style = getComputedStyle(this.canvas);
    const colour = (name) => style.getPropertyValue(`--wave-${name}`);
    const bars = this.bars(values, width, height);
    this.fill(pen, bars, colour("rest"));
    this.within(pen, played * width, height, () => this.fill(pen, bars, colour("played")));
    if (hovered !== null) this.line(pen, hovered * width, height, colour("hover"));
  }

  bars(values, width, height) {
    const count = Math.max(1, Math.floor(width / BAR));
    const highest = values.reduce((most, value) => Math.max(most, value), QUIETEST);
    const path = new Path2D();
    for (let bar = 0; bar < count; bar++) {
      const first = Math.floor((bar * values.length) / count);
      const last = Math.max(first + 1, Math.floor(((bar + 1) * values.length) / count));
      let most = 0;
      for (let index = first; index < last && index < values.length; index++)
        most = Math.max(most, values[index]);
      const tall = Math.max(2, (most / highest) * (height - 4));
      path.roundRect(bar * BAR, (height - tall) / 2, BAR - GAP, tall, 1);
    }
    return path;
  }

  fill(pen, bars, colour) {
    pen.fillStyle = colour;
    pen.fill(bars);
  }

  within(pen, width, height, draw) {
    pen.save();
    pen.beginPath();
    pen.rect(0, 0, width, height);
    pen.clip();
    draw();
    pen.restore();
  }

  line(pen, x, height, colour) {
    pen.fillStyle = colour;
    pen.fillRect(Math.round(x) - 0.5, 0, 1, height);
  }
}
