import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import type { ClaimedLine } from "../../src/store/line-record.ts";
import { type Call, GroupCommit } from "../../src/store/sqlite/group-commit.ts";
import { openDatabase, type OwnedDatabase } from "../../src/store/sqlite/open-database.ts";
import { READS } from "../../src/store/sqlite/operations.ts";
import { StoreError } from "../../src/store/store-error.ts";
import type { Settled } from "../../src/store/store.ts";
import { emptyMemoryData, MemoryStore } from "../../src/testing/memory-store.ts";
import { quickDirectory } from "./directories.ts";
import { type ModelStep, modelSteps } from "./model-calls.ts";

/** The code of a refusal; that it failed, for any other error. */
function refusal(error: unknown): string {
  return error instanceof StoreError ? error.code : "failed";
}

/** SQLite as the thread runs it, without the thread: hundreds of programs are run. */
class Sqlite {
  #owned: OwnedDatabase;
  #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
    this.#owned = openDatabase(directory);
  }

  run(calls: readonly Call[]): Map<number, unknown> {
    const commits = new GroupCommit(this.#owned, this.#directory, 0);
    const outcomes = commits.run(calls);
    commits.tidy();
    return new Map(
      outcomes.map((outcome) => [
        outcome.id,
        "error" in outcome ? refusal(outcome.error) : structuredClone<unknown>(outcome.value),
      ]),
    );
  }

  reopen(): void {
    this.#owned.close();
    this.#owned = openDatabase(this.#directory);
  }

  /** Goes on with what is on the disk at this moment, which was never closed: what a kill leaves behind. */
  crash(): void {
    const next = `${this.#directory}-`;
    mkdirSync(next);
    for (const name of ["headgate.db", "headgate.db-wal"]) {
      const from = join(this.#directory, name);
      if (existsSync(from)) copyFileSync(from, join(next, name));
    }
    this.#owned.close();
    this.#directory = next;
    this.#owned = openDatabase(next);
  }

  close(): void {
    this.#owned.close();
  }
}

describe("the store in SQLite", () => {
  let parent: string;
  let run = 0;
  before(() => (parent = quickDirectory()));
  after(() => rmSync(parent, { recursive: true, force: true }));

  async function compare(steps: readonly ModelStep[]): Promise<void> {
    const data = emptyMemoryData();
    let model = new MemoryStore(data);
    const sqlite = new Sqlite(join(parent, String(++run)));
    const claimed: ClaimedLine[] = [];
    let lastId = 0;
    try {
      for (const step of steps) {
        if (step === "close" || step === "crash") {
          model = new MemoryStore(data);
          if (step === "close") sqlite.reopen();
          else sqlite.crash();
          continue;
        }
        const calls = step.map(({ method, args }) => ({ id: ++lastId, method, args: structuredClone(args(claimed)) }));
        const outcomes = sqlite.run(calls);
        // What comes in together is answered as if its reads had come first.
        for (const call of calls.toSorted((a, b) => Number(READS.has(b.method)) - Number(READS.has(a.method)))) {
          const expected = await modelled(model, call);
          assert.deepEqual(outcomes.get(call.id), expected, `${call.method} ${JSON.stringify(call.args)}`);
          if (call.method === "settle") claimed.push(...(expected as Settled).claimed);
        }
      }
    } finally {
      sqlite.close();
    }
  }

  it("answers any calls as the plain reading in memory does, across restarts and crashes", async () => {
    await fc.assert(fc.asyncProperty(modelSteps, compare), { numRuns: 200 });
  });
});

async function modelled(model: MemoryStore, { method, args }: Call): Promise<unknown> {
  const invoke = model[method].bind(model) as (...values: readonly unknown[]) => Promise<unknown>;
  return invoke(...args).catch(refusal);
}
