import type { Phase } from "./phase.ts";
import type { RequestRecord } from "./request-record.ts";

/** One that steps aside for every chat of a day has many; of these only the first and the last are told. */
const MOST_PHASES = 40;

/** Notes the phase that `record` is in, if it is a new one. */
export function notePhase(record: RequestRecord, now: number): void {
  const phase = phaseOf(record);
  const { phases } = record;
  if (phase === undefined || phases.at(-1)?.[0] === phase) return;
  phases.push([phase, now]);
  // Of a long story the middle is lost: it then seems to have been in its second phase for all that time.
  if (phases.length > MOST_PHASES) phases.splice(2, 2);
}

function phaseOf({ state, path, firstTokenAt }: RequestRecord): Phase | undefined {
  if (state === "waiting" || state === "parked") return state;
  if (state !== "running") return undefined;
  if (path === PERMITS) return "held";
  return firstTokenAt === undefined ? "sent" : "answering";
}

/** Where the records of permits over HTTP come from. */
export const PERMITS = "/headgate/permits";
