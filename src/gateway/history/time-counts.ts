import type { Clock } from "../../gate/index.ts";

/** Where one bar ends and the next begins, in milliseconds. What is longer than all has a bar of its own. */
export const BOUNDS_MS: readonly number[] = [
  10, 30, 100, 300, 1_000, 2_000, 5_000, 10_000, 20_000, 60_000, 120_000, 300_000, 600_000,
];

/** After so long a half of what was counted is forgotten. */
const HALF_MS = 300_000;

/** How many durations fell between which bounds, of the last five to ten minutes. */
export class TimeCounts {
  readonly #clock: Pick<Clock, "now">;
  #old = zeros();
  #new = zeros();
  #since: number;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
    this.#since = clock.now();
  }

  add(ms: number): void {
    this.#forget();
    const at = BOUNDS_MS.findIndex((bound) => ms < bound);
    this.#new[at === -1 ? BOUNDS_MS.length : at]! += 1;
  }

  /** One number more than there are {@link BOUNDS_MS}. */
  get counts(): readonly number[] {
    this.#forget();
    return this.#new.map((count, at) => count + this.#old[at]!);
  }

  #forget(): void {
    const age = this.#clock.now() - this.#since;
    if (age < HALF_MS) return;
    this.#old = age < 2 * HALF_MS ? this.#new : zeros();
    this.#new = zeros();
    this.#since += Math.floor(age / HALF_MS) * HALF_MS;
  }
}

function zeros(): number[] {
  return Array.from({ length: BOUNDS_MS.length + 1 }, () => 0);
}
