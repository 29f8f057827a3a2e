import { BOUNDS_MS } from "../history/time-counts.ts";
import type { GateHistory } from "../history/gate-history.ts";
import type { Usage } from "../history/gate-usage.ts";
import type { Ended } from "../history/history.ts";
import type { Control } from "./control.ts";
import type { ClassTimes, EndedView, LongStatus, TimesView, UsageView } from "./long-status.ts";
import { atEpoch, viewOf } from "./request-view.ts";

/** What the live view tells besides the status to those who ask for it. */
export type HistoryView = Pick<LongStatus, "usage" | "times" | "warnings"> & { readonly ended: readonly Ended[] };

export function historyOf({ history, clock }: Control): HistoryView {
  const gates = [...history.gates];
  const epoch = Date.now() - clock.now();
  return {
    usage: gates.map(
      ([
        gate,
        {
          usage: { usage },
        },
      ]) => usageView(gate, usage, epoch),
    ),
    times: gates.map(([gate, each]) => timesView(gate, each)),
    warnings: history.warnings.all,
    ended: history.ended,
  };
}

export function endedView({ record }: Ended): EndedView {
  const { outcome, status, endedAt, parks, completionTokens } = record;
  return {
    ...viewOf(record),
    endedAt: atEpoch(record, endedAt ?? record.arrivedAt),
    outcome: outcome ?? "finished",
    status,
    parks,
    completionTokens,
  };
}

function usageView(gate: string, usage: Usage, epoch: number): UsageView {
  // In whole steps, or the two clocks would make news of nothing.
  return { gate, ...usage, until: Math.round((epoch + usage.until) / 1_000) * 1_000 };
}

function timesView(gate: string, { foreground, background }: GateHistory): TimesView {
  return { gate, boundsMs: BOUNDS_MS, foreground: classTimes(foreground), background: classTimes(background) };
}

function classTimes({ wait, firstToken }: GateHistory["foreground"]): ClassTimes {
  return { wait: wait.counts, firstToken: firstToken.counts };
}
