import type { GateState } from "./events.ts";
import type { Holders } from "./holders.ts";
import type { ResolvedGateOptions } from "./options.ts";
import type { Permits } from "./permits.ts";
import type { Reporter } from "./reporter.ts";
import type { WaitingLine } from "./waiting-line.ts";
import type { Watch } from "./watch.ts";

/** A gate as its own parts see it. */
export interface GateInside {
  readonly state: GateState;
  readonly options: ResolvedGateOptions;
  readonly permits: Permits;
  readonly holders: Holders;
  readonly queue: WaitingLine;
  readonly reporter: Reporter;
  readonly watch: Watch;
  /** Milliseconds, as read last in this turn. Never steps back, whatever the clock does. */
  readonly time: number;
  /** Reads the clock, and returns the new `time`. */
  tick(): number;
  /** Ends every operation: dispatches whoever can run now, asks holders to step aside, and lets user code run. */
  finish(): void;
}
