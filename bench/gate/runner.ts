import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { measured, type Cell } from "./cells.ts";
import type { Contender } from "./contender.ts";
import type { Sample, Situation } from "./measurement.ts";
import { situationFor, type Effort, type Row } from "./plan.ts";
import { measureApart } from "./process.ts";

/** One contender in one situation: measured once, even if several rows read it. */
interface Measurement {
  readonly contender: Contender;
  readonly situation: Situation;
  readonly rounds: (readonly Sample[])[];
  spentMs: number;
  /** Set when there is no point in another round. */
  ended: Cell | null;
}

export interface Measured {
  cellOf(row: Row, contender: Contender): Cell;
}

/**
 * Measures all rows, each contender and situation in fresh processes. Rounds go over everybody in turn, so that a machine that
 * grows slow for a while does so for all.
 *
 * @param tell - called before each process with what it measures.
 */
export async function measureAll(
  rows: readonly Row[],
  effort: Effort,
  tell: (what: string) => void,
): Promise<Measured> {
  const measurements = new Map<string, Measurement>();
  for (const { entrants, situation } of rows) {
    for (const contender of entrants) {
      const key = keyOf(contender, situation);
      if (measurements.has(key)) continue;
      const own = situationFor(contender, situation);
      measurements.set(key, { contender, situation: own, rounds: [], spentMs: 0, ended: null });
    }
  }
  const all = [...measurements.values()];
  const compileCache = await mkdtemp(join(tmpdir(), "headgate-bench-"));
  try {
    for (let round = 1; round <= effort.rounds; round++) {
      for (const measurement of all) {
        if (measurement.ended !== null || measurement.spentMs > effort.rounds * effort.budgetMs) continue;
        if (performance.now() > effort.deadlineMs) break;
        tell(`round ${round} of ${effort.rounds}: ${nameOf(measurement)}`);
        measurement.ended = overBefore(measurement, all);
        if (measurement.ended === null) await oneRound(measurement, effort, compileCache);
      }
    }
  } finally {
    await rm(compileCache, { recursive: true, force: true });
  }
  return { cellOf: (row, contender) => cellFrom(measurements.get(keyOf(contender, row.situation))!) };
}

async function oneRound(measurement: Measurement, effort: Effort, compileCache: string): Promise<void> {
  const { contender, situation } = measurement;
  const { budgetMs, capMs, samples } = effort;
  const startedAt = performance.now();
  const assignment = {
    contender: contender.id,
    style: contender.style,
    situation,
    // A second heap sample would see the remains of the first.
    samples: situation.kind === "heap" ? 1 : samples,
    budgetMs,
  };
  const outcome = await measureApart(assignment, capMs, compileCache);
  measurement.spentMs += performance.now() - startedAt;
  if (outcome.kind === "done") measurement.rounds.push(outcome.samples);
  else if (outcome.kind === "failed") measurement.ended = { outcome: "failed", reason: outcome.reason };
  else measurement.ended = { outcome: "over", capMs, waiters: waitersOf(situation) };
}

/** Whether fewer waiters in the same order already took too long: then more would. */
function overBefore({ contender, situation }: Measurement, all: readonly Measurement[]): Cell | null {
  if (situation.kind !== "hand-off") return null;
  const smaller = all.find(
    ({ contender: other, ended, situation: tried }) =>
      other === contender &&
      ended?.outcome === "over" &&
      tried.kind === "hand-off" &&
      tried.order === situation.order &&
      tried.waiters < situation.waiters,
  );
  return smaller?.ended ?? null;
}

function cellFrom({ ended, rounds }: Measurement): Cell {
  if (ended !== null) return ended;
  return rounds.length === 0 ? { outcome: "not run" } : measured(rounds);
}

function keyOf(contender: Contender, situation: Situation): string {
  return JSON.stringify([contender.id, contender.style, situationFor(contender, situation)]);
}

function nameOf({ contender, situation }: Measurement): string {
  const parts = [contender.id, contender.style, situation.kind];
  if (situation.kind !== "uncontended") parts.push(String(situation.waiters), situation.order);
  if (situation.kind === "cancel") parts.push(situation.signals);
  return parts.join(" ");
}

function waitersOf(situation: Situation): number {
  return situation.kind === "uncontended" ? 1 : situation.waiters;
}
