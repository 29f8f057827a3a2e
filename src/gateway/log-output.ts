import { write, writeSync } from "node:fs";

/** When nobody reads on, lines are dropped beyond this rather than kept: a stopped terminal must not stop requests. */
const MAX_WAITING_CHARACTERS = 8 * 1024 * 1024;
/**
 * Whole lines, and so few that a pipe takes them in one piece (PIPE_BUF): what the end of the process writes comes between no line.
 */
const CHARACTERS_AT_ONCE = 4096;
/** When many wait, getting on counts for more than that. */
const CHARACTERS_AT_MOST = 65_536;
/** What a reader gets that is behind, on a pipe that does not block, and a last write that is under way, to get on. */
const PAUSE_MS = 20;
/** Nobody is at the other end of a write that gets nowhere for so long, and the end of the process does not wait for it. */
const STUCK_MS = 1000;

/**
 * Writes text to a file descriptor without ever holding up the caller, in order, and several lines at once when they come faster
 * than they can be written. What cannot be written is lost, and harms nothing else: a full disk behind a redirection, a reader that
 * went away. What is left when the process ends is written then.
 *
 * pino's own destination is not used, because on such errors it tries for ever when the process ends, which then never does.
 */
export class LogOutput {
  readonly #fd: number;
  readonly #waiting: string[] = [];
  #characters = 0;
  #writingSince: number | null = null;
  #scheduled = false;

  constructor(fd: number) {
    this.#fd = fd;
    process.on("exit", () => this.#writeRest());
  }

  write(text: string): void {
    if (this.#characters + text.length > MAX_WAITING_CHARACTERS) return;
    this.#waiting.push(text);
    this.#characters += text.length;
    if (this.#scheduled || this.#writingSince !== null) return;
    this.#scheduled = true;
    // A turn later: requests that end now go first, and lines of one turn go together.
    setImmediate(() => {
      this.#scheduled = false;
      this.#writeWaiting();
    });
  }

  #writeWaiting(): void {
    const text = this.#take(this.#characters > CHARACTERS_AT_MOST ? CHARACTERS_AT_MOST : CHARACTERS_AT_ONCE);
    if (text === "") this.#writingSince = null;
    else this.#write(Buffer.from(text));
  }

  #write(bytes: Uint8Array): void {
    this.#writingSince = performance.now();
    write(this.#fd, bytes, (error, written) => {
      if (error?.code === "EAGAIN") setTimeout(() => this.#write(bytes), PAUSE_MS);
      else if (error === null && written < bytes.length) this.#write(bytes.subarray(written));
      else this.#writeWaiting();
    });
  }

  #writeRest(): void {
    if (this.#writingSince !== null) {
      if (performance.now() - this.#writingSince > STUCK_MS) return;
      sleep(PAUSE_MS);
    }
    let bytes = Buffer.from(this.#take(Infinity));
    let progressAt = performance.now();
    while (bytes.length > 0 && performance.now() - progressAt < STUCK_MS) {
      const written = this.#writeNow(bytes);
      if (written === undefined) return;
      if (written === 0) sleep(PAUSE_MS);
      else progressAt = performance.now();
      bytes = bytes.subarray(written);
    }
  }

  /** How many bytes were written; `undefined` when none ever can be. */
  #writeNow(bytes: Uint8Array): number | undefined {
    try {
      return writeSync(this.#fd, bytes);
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === "EAGAIN" ? 0 : undefined;
    }
  }

  /** Takes whole lines of together at most so many characters, or one that is longer. */
  #take(characters: number): string {
    let count = 0;
    let length = 0;
    for (const line of this.#waiting) {
      if (count > 0 && length + line.length > characters) break;
      length += line.length;
      count += 1;
    }
    this.#characters -= length;
    return this.#waiting.splice(0, count).join("");
  }
}

/** For the very end of the process, when nothing else can happen any more. */
function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
