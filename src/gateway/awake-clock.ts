import { systemClock, type Clock } from "../gate/index.ts";

/** How often it looks at the time while somebody uses it. */
const TICK_MS = 1_000;
/** A gap between two looks that is longer than this was no busy moment: the machine slept. */
const SLEEP_MS = 10_000;

/**
 * A clock that stands still while the machine sleeps. A laptop's lid must not use up anybody's waiting time, nor make everyone
 * starve at the moment of waking.
 *
 * It notices a sleep by its own timer coming far too late, so a sleep shorter than {@link SLEEP_MS} passes as time, and up to a
 * second of being awake passes as sleep. Timers of
 * this clock still fire by the platform's; whoever sets one looks at {@link AwakeClock.now} when it fires, as the gate does.
 */
export class AwakeClock implements Clock {
  readonly #clock: Clock;
  readonly #onWake: (asleepMs: number) => void;
  #asleepMs = 0;
  #lastLook: number;
  #callOff: () => void;

  /** `onWake` is called after each sleep, once the clock goes on. */
  constructor(onWake: (asleepMs: number) => void, clock: Clock = systemClock) {
    this.#clock = clock;
    this.#onWake = onWake;
    this.#lastLook = clock.now();
    this.#callOff = this.#tick();
  }

  now(): number {
    this.#look();
    return this.#lastLook - this.#asleepMs;
  }

  after(delayMs: number, callback: () => void, keepAlive: boolean): () => void {
    return this.#clock.after(delayMs, callback, keepAlive);
  }

  /** Stops looking. The clock then goes on as it is. */
  close(): void {
    this.#callOff();
  }

  #tick(): () => void {
    return this.#clock.after(
      TICK_MS,
      () => {
        this.#callOff = this.#tick();
        this.#look();
      },
      false,
    );
  }

  /** The first to look after a sleep finds it, be it the timer or a request. */
  #look(): void {
    const now = this.#clock.now();
    const gapMs = now - this.#lastLook;
    this.#lastLook = now;
    if (gapMs <= SLEEP_MS) return;
    this.#asleepMs += gapMs;
    this.#onWake(gapMs);
  }
}
