import type { Usage } from "../history/gate-usage.ts";
import type { Warning } from "../history/warnings.ts";
import type { RequestView, Status } from "./status-view.ts";

/** A snapshot of the live view for those who asked for the history: what goes on, and what went on in the last minutes. */
export interface LongStatus extends Status {
  /** Who asks. */
  readonly caller: { readonly client: string; readonly role: "user" | "admin" };
  /** Up to this priority number a request is a person's. */
  readonly foregroundUpTo: number;
  readonly ended: readonly EndedView[];
  readonly usage: readonly UsageView[];
  readonly times: readonly TimesView[];
  readonly warnings: readonly Warning[];
}

/** A request that is over. */
export interface EndedView extends RequestView {
  readonly endedAt: number;
  readonly outcome: string;
  readonly status: number;
  readonly parks: number;
  readonly completionTokens?: number | undefined;
}

/** How the permits of a gate were used; `until` is in milliseconds since 1970. */
export interface UsageView extends Usage {
  readonly gate: string;
}

/** How many requests of the last minutes waited how long. Each array has one number more than there are bounds. */
export interface TimesView {
  readonly gate: string;
  readonly boundsMs: readonly number[];
  readonly foreground: ClassTimes;
  readonly background: ClassTimes;
}

export interface ClassTimes {
  readonly wait: readonly number[];
  readonly firstToken: readonly number[];
}
