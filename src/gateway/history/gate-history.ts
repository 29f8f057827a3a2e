import type { Clock, Gate } from "../../gate/index.ts";
import { GateUsage } from "./gate-usage.ts";
import { TimeCounts } from "./time-counts.ts";

/** Durations of one class of requests. */
interface Times {
  /** From the arrival to the first permit. */
  readonly wait: TimeCounts;
  /** From the arrival to the first token. */
  readonly firstToken: TimeCounts;
}

/** The last minutes of one gate in numbers. */
export class GateHistory {
  readonly usage: GateUsage;
  readonly foreground: Times;
  readonly background: Times;
  readonly #isForeground: (priority: number) => boolean;

  constructor(gate: Gate, clock: Pick<Clock, "now">, isForeground: (priority: number) => boolean) {
    this.usage = new GateUsage(gate, clock);
    this.foreground = { wait: new TimeCounts(clock), firstToken: new TimeCounts(clock) };
    this.background = { wait: new TimeCounts(clock), firstToken: new TimeCounts(clock) };
    this.#isForeground = isForeground;
    gate.on("dispatch", ({ priority, waitedMs, resumed }) => {
      if (!resumed) this.#of(priority).wait.add(waitedMs);
    });
  }

  firstToken(priority: number, afterMs: number): void {
    this.#of(priority).firstToken.add(afterMs);
  }

  #of(priority: number): Times {
    return this.#isForeground(priority) ? this.foreground : this.background;
  }
}
