// The sound of a job while it grows: asks again for what comes after what it has, until nothing does.
//
// `on` is told `sound(samples)`, `restart()` (what was heard no longer counts), `trouble(text)` and
// at last `over(state, text)`.

export const HOME = new URL("../", import.meta.url);
const TRIES = 6; // Failures in a row after which it gives up: half a minute.

export const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

export class Live {
  constructor(job, on) {
    this.job = job;
    this.on = on;
    this.abort = new AbortController();
    this.read = this.follow().catch((error) => {
      if (error.name !== "AbortError") on.over("failed", String(error.message ?? error));
    });
  }

  async follow() {
    let after = 0;
    let take = null;
    let failures = 0;
    for (;;) {
      const url = new URL(`live/${this.job}.pcm`, HOME);
      url.searchParams.set("after", after);
      if (take !== null) url.searchParams.set("take", take);
      const answer = await this.ask(url);
      if (answer === null || answer.status >= 500) {
        const said = answer && (await message(answer));
        if (++failures === TRIES) return this.on.over("failed", said ?? "The dashboard is away.");
        this.on.trouble(said ?? "The dashboard does not answer; trying again.");
        await pause(2 ** (failures - 2));
        continue;
      }
      failures = 0;
      if (!answer.ok) return this.on.over("failed", await message(answer));
      if (answer.status === 204) return this.on.over(answer.headers.get("x-speech-state"));
      after = Number(answer.headers.get("x-speech-after"));
      const told = answer.headers.get("x-speech-take");
      if (take !== null && told !== null && told !== take) this.on.restart();
      take = told ?? take;
      if (answer.status === 200) after += await this.hear(answer.body.getReader());
    }
  }

  async ask(url) {
    try {
      return await fetch(url, { signal: this.abort.signal, cache: "no-store" });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      return null;
    }
  }

  // Returns the number of samples; half a sample at the end of a block waits for its other half.
  async hear(reader) {
    let samples = 0;
    let odd = new Uint8Array(0);
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return samples;
        const bytes = new Uint8Array(odd.length + value.length);
        bytes.set(odd);
        bytes.set(value, odd.length);
        const whole = bytes.length - (bytes.length % 2);
        odd = bytes.slice(whole);
        samples += whole / 2;
        if (whole) await this.on.sound(new Int16Array(bytes.buffer, 0, whole / 2));
      }
    } catch (error) {
      if (error.name === "AbortError") throw error;
      return samples; // The connection broke: the rest is asked for again.
    }
  }

  stop() {
    this.abort.abort();
  }
}

async function message(answer) {
  try {
    const { error } = await answer.json();
    return [error.message, error.hint].filter(Boolean).join(" ");
  } catch {
    return `The dashboard answered with status ${answer.status}.`;
  }
}
