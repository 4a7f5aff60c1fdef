// The sound of a job while it grows: asks again for what comes after what it has, until nothing does.
//
// `on` is told `sound(samples)`, `restart()` (what was heard no longer counts), `trouble(text)` and
// at last `over(state, text)`: the state of the job, or `away` when the dashboard does not answer;
// then `listen()` goes on where it was. `words` gives what is said.

export const HOME = new URL("../", import.meta.url);
const TRIES = 7; // Failures in a row after which it gives up: half a minute.
const SILENT = 45; // Seconds without a byte after which it asks again: the way may be broken.
const STALE = 5; // The same when a page comes back, from another one or from sleep.

export const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

export class Live {
  constructor(job, words, on) {
    this.job = job;
    this.words = words;
    this.on = on;
    this.after = 0;
    this.take = null;
    this.stopped = false;
    this.listen();
  }

  listen() {
    this.follow().catch((error) => {
      if (!this.stopped) this.on.over("failed", String(error.message ?? error));
    });
  }

  async follow() {
    let failures = 0;
    while (!this.stopped) {
      const answer = await this.ask();
      if (this.stopped) return;
      if (answer === null && this.woken) continue;
      if (answer === null || answer.status >= 500) {
        const said = answer && (await this.message(answer));
        if (++failures === TRIES) return this.on.over("away", said ?? this.words("away"));
        this.on.trouble(said ?? this.words("trying"));
        await this.rest(2 ** (failures - 2));
        continue;
      }
      if (failures) this.on.trouble("");
      failures = 0;
      if (!answer.ok) return this.on.over("failed", await this.message(answer));
      if (answer.status === 204) return this.on.over(answer.headers.get("x-speech-state"));
      this.after = Number(answer.headers.get("x-speech-after"));
      const told = answer.headers.get("x-speech-take");
      if (this.take !== null && told !== null && told !== this.take) this.on.restart();
      this.take = told ?? this.take;
      if (answer.status === 200) await this.hear(answer.body.getReader());
    }
  }

  async ask() {
    const url = new URL(`live/${this.job}.pcm`, HOME);
    url.searchParams.set("after", this.after);
    if (this.take !== null) url.searchParams.set("take", this.take);
    this.request = new AbortController();
    this.woken = false;
    try {
      return await this.inTime(fetch(url, { signal: this.request.signal, cache: "no-store" }));
    } catch {
      return null;
    }
  }

  // Half a sample at the end of a block waits for its other half.
  async hear(reader) {
    let odd = new Uint8Array(0);
    while (!this.stopped) {
      let block;
      try {
        block = await this.inTime(reader.read());
      } catch {
        return; // The connection broke: the rest is asked for again.
      }
      if (block.done || this.stopped) return;
      const bytes = new Uint8Array(odd.length + block.value.length);
      bytes.set(odd);
      bytes.set(block.value, odd.length);
      const whole = bytes.length - (bytes.length % 2);
      odd = bytes.slice(whole);
      this.after += whole / 2;
      if (whole) await this.on.sound(new Int16Array(bytes.buffer, 0, whole / 2));
    }
  }

  async inTime(answer) {
    this.since = Date.now(); // It goes on while a machine sleeps; `performance.now()` may not.
    const waking = setTimeout(() => this.request.abort(), SILENT * 1000);
    try {
      return await answer;
    } finally {
      clearTimeout(waking);
    }
  }

  // Until another try, or until it is woken.
  rest(seconds) {
    return Promise.race([pause(seconds), new Promise((done) => (this.rouse = done))]);
  }

  // A page that was asleep may wait for an answer that cannot come any more.
  wake() {
    this.rouse?.();
    if (Date.now() - this.since < STALE * 1000) return;
    this.woken = true;
    this.request.abort();
  }

  stop() {
    this.stopped = true;
    this.request?.abort();
  }

  async message(answer) {
    try {
      const { error } = await answer.json();
      return [error.message, error.hint].filter(Boolean).join(" ");
    } catch {
      return this.words("status", { status: answer.status });
    }
  }
}
