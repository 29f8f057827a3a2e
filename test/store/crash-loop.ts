import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { isDeepStrictEqual } from "node:util";
import type { LineOutcome } from "../../src/store/line-record.ts";
import { type Acknowledged, finishedResults } from "./crash-job.ts";
import { openDirectly } from "./direct-store.ts";
import type { StartProcess } from "./other-process.ts";

interface CrashLoop {
  readonly start: StartProcess;
  readonly directory: string;
  readonly lines: number;
  /** How many acknowledged lines each run may live for, before it is killed; a run that is given none runs to its end. */
  readonly lives: Iterable<number>;
}

/** What the runs were told by the store, over all their lives. */
export interface Survived {
  readonly kills: number;
  /** Settlements that were acknowledged, of outcomes and of retries. */
  readonly acknowledged: number;
  /** The last attempt at each line: how often it was sent. */
  readonly attempts: number;
  readonly outcomes: ReadonlyMap<number, LineOutcome>;
}

/** Lets processes work on one batch and kills each of them after a while; the last one may finish. */
export async function crashLoop({ start, directory, lines, lives }: CrashLoop): Promise<Survived> {
  const outcomes = new Map<number, LineOutcome>();
  const attempts = new Map<number, number>();
  let [kills, acknowledged] = [0, 0];
  const hear = (line: string): void => {
    const { n, attempt, outcome } = JSON.parse(line) as Acknowledged;
    acknowledged += 1;
    attempts.set(n, Math.max(attempt, attempts.get(n) ?? 0));
    if (outcome === "again") return;
    assert.ok(!outcomes.has(n), `line ${n} was acknowledged twice`);
    outcomes.set(n, outcome);
  };
  for (const life of [...lives, Infinity]) {
    const worker = start("work", directory, String(lines));
    for (let heard = 0; heard < life; heard++) {
      const { value } = await worker.lines.next();
      if (value === undefined || value === "completed") break;
      hear(value);
    }
    if (life === Infinity) {
      assert.equal(await worker.ended(), 0);
      break;
    }
    await worker.kill();
    kills += 1;
    // What it had said before it was killed counts, also where it was killed before that was read.
    for (let rest = await worker.lines.next(); rest.done !== true; rest = await worker.lines.next()) {
      if (rest.value.startsWith("{") && rest.value.endsWith("}")) hear(rest.value);
    }
  }
  return { kills, acknowledged, attempts: [...attempts.values()].reduce((sum, count) => sum + count, 0), outcomes };
}

/** Nothing acknowledged is lost, changed or counted twice; all lines ended; the files are complete and in order. */
export async function assertNothingLost(
  directory: string,
  lines: number,
  told: ReadonlyMap<number, LineOutcome>,
): Promise<void> {
  const { store, blobs } = openDirectly(directory);
  const batch = await store.batch("", "batch_1");
  const results = await finishedResults(store, blobs);
  await store.close();
  assert.equal(batch?.status, "completed");
  assert.deepEqual(
    results.map(({ n }) => n).sort((a, b) => a - b),
    Array.from({ length: lines }, (_, n) => n),
  );
  const [succeeded, failed] = ["answered", "unanswered"].map((kind) =>
    results.filter(({ outcome }) => outcome.kind === kind),
  );
  assert.ok(succeeded && failed);
  assert.deepEqual(results, [...inOrder(succeeded), ...inOrder(failed)], "output, then errors, each in input order");
  assert.deepEqual(
    [batch.completed, batch.failed, batch.usage.output],
    [succeeded.length, failed.length, succeeded.length],
  );
  const kept = new Map(results.map(({ n, outcome }) => [n, outcome]));
  const differing = [...told].filter(([n, outcome]) => !isDeepStrictEqual(kept.get(n), outcome));
  assert.deepEqual(differing, [], "acknowledged, and not what is stored");
  const db = new DatabaseSync(join(directory, "headgate.db"));
  assert.deepEqual({ ...db.prepare("PRAGMA integrity_check").get() }, { integrity_check: "ok" });
  db.close();
}

function inOrder<T extends { readonly n: number }>(results: readonly T[]): readonly T[] {
  return results.toSorted((a, b) => a.n - b.n);
}
