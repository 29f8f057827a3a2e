import { spawn } from "node:child_process";
import type { Clock } from "../gate/index.ts";

/** A machine falls asleep after minutes: to look every few seconds is soon enough. */
const LOOK_MS = 10_000;

/** What keeps a machine awake until it is let go. */
export type Wakefulness = () => { release(): void };

/**
 * Keeps the machine awake while there is work, and no longer: a Mac that sleeps lets its batches wait till morning, and one that never
 * sleeps is warm for nothing.
 */
export class KeepAwake {
  readonly #isBusy: () => boolean;
  readonly #begin: Wakefulness;
  readonly #clock: Clock;
  #held: { release(): void } | undefined;
  #cancel: () => void = () => {};

  constructor(isBusy: () => boolean, begin: Wakefulness, clock: Clock) {
    this.#isBusy = isBusy;
    this.#begin = begin;
    this.#clock = clock;
    this.#look();
  }

  close(): void {
    this.#cancel();
    this.#held?.release();
    this.#held = undefined;
  }

  #look(): void {
    if (this.#isBusy()) this.#held ??= this.#begin();
    else {
      this.#held?.release();
      this.#held = undefined;
    }
    this.#cancel = this.#clock.after(LOOK_MS, () => this.#look(), false);
  }
}

/** macOS's own tool, which ends with this process if nobody ends it before; `undefined` elsewhere. */
export function caffeinate(platform: NodeJS.Platform): Wakefulness | undefined {
  if (platform !== "darwin") return undefined;
  return () => {
    const child = spawn("/usr/bin/caffeinate", ["-i", "-w", String(process.pid)], { stdio: "ignore" });
    // Without it the machine may sleep, and that is all.
    child.on("error", () => {});
    return { release: () => void child.kill() };
  };
}
