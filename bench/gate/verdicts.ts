import type { Cell, Reading } from "./cells.ts";
import type { Figure } from "./measurement.ts";
import type { Entrant, ResultRow } from "./results.ts";

/** What the gate must reach in a row, against whom. */
export interface Target {
  readonly name: string;
  readonly rivals: (entrant: Entrant) => boolean;
  /** At least so many times better than the best of them; below 1, at most so many times worse. */
  readonly factor: number;
}

const isPeer = (entrant: Entrant): boolean => entrant.role === "peer";

export const targets: readonly Target[] = [
  { name: "≥ 3x priorities + cancel", rivals: (peer) => isPeer(peer) && peer.priorities && peer.cancel, factor: 3 },
  { name: "≥ 1x priorities only", rivals: (peer) => isPeer(peer) && peer.priorities && !peer.cancel, factor: 1 },
  { name: "≤ 2x bare FIFO", rivals: (entrant) => entrant.role === "bare", factor: 1 / 2 },
];

export interface Verdict {
  readonly target: Target;
  /** The best rival; `null` when the row has none. */
  readonly rival: Entrant | null;
  /** How many times better than the rival; a lower bound when the rival took too long, `null` when either has no figure. */
  readonly ratio: number | null;
  readonly atLeast: boolean;
  /** `null` when there is nothing to judge. */
  readonly met: boolean | null;
  /** The minima say otherwise than the medians: noise decides. */
  readonly close: boolean;
}

export function verdictsOn(row: ResultRow): Verdict[] {
  const ours = row.entrants.find((entrant) => entrant.role === "ours")!;
  return targets.map((target) => judge(target, ours, row.entrants.filter(target.rivals), row));
}

function judge(target: Target, ours: Entrant, rivals: readonly Entrant[], row: ResultRow): Verdict {
  const nothing = { target, rival: null, ratio: null, atLeast: false, met: null, close: false };
  const rival = rivals.toSorted((a, b) => floorOf(a.cell, row.figure) - floorOf(b.cell, row.figure))[0];
  if (rival === undefined) return nothing;
  const own = readingOf(ours.cell, row.figure);
  const floor = floorOf(rival.cell, row.figure);
  if (own === null || !Number.isFinite(floor)) return { ...nothing, rival, met: withoutFigures(ours.cell, rival.cell) };
  const ratio = floor / own.median;
  const reading = readingOf(rival.cell, row.figure);
  const atLeast = reading === null;
  const met = ratio >= target.factor;
  if (atLeast) return { target, rival, ratio, atLeast, met: met ? true : null, close: false };
  return { target, rival, ratio, atLeast, met, close: reading.min / own.min >= target.factor !== met };
}

/** Whoever failed or took too long lost to whoever did not; otherwise nobody knows. */
function withoutFigures(ours: Cell, rival: Cell): boolean | null {
  if (ours.outcome === "not run" || rival.outcome === "not run") return null;
  if (ours.outcome === "measured") return true;
  return rival.outcome === "measured" ? false : null;
}

/**
 * Why a missed ratio could not be had, when it could not: the least that anybody can do is no `factor` times better than the
 * rival either.
 */
export function limitOf(row: ResultRow, verdict: Verdict): { entrant: Entrant; ratio: number } | null {
  const entrant =
    row.entrants.find(({ role }) => role === "signals") ?? row.entrants.find(({ role }) => role === "bare");
  if (entrant === undefined || entrant === verdict.rival || verdict.rival === null) return null;
  const least = readingOf(entrant.cell, row.figure);
  const rival = readingOf(verdict.rival.cell, row.figure);
  return least === null || rival === null ? null : { entrant, ratio: rival.median / least.median };
}

export function readingOf(cell: Cell, figure: Figure): Reading | null {
  return cell.outcome === "measured" ? (cell.figures[figure] ?? null) : null;
}

/** The median; for whoever took too long the least it can have been; Infinity when nothing is known. */
function floorOf(cell: Cell, figure: Figure): number {
  if (cell.outcome === "over") return (cell.capMs * 1e6) / cell.waiters;
  return readingOf(cell, figure)?.median ?? Infinity;
}
