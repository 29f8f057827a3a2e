import assert from "node:assert/strict";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { assertNothingLost, crashLoop } from "./crash-loop.ts";
import { runJob } from "./crash-job.ts";
import { openDirectly } from "./direct-store.ts";
import { quickDirectory } from "./directories.ts";
import { prepareProcess, type StartProcess } from "./other-process.ts";

describe("a killed process", () => {
  let parent: string;
  let start: StartProcess;
  before(async () => {
    parent = quickDirectory();
    start = await prepareProcess(join(parent, "program"));
  });
  after(() => rmSync(parent, { recursive: true, force: true }));

  it("loses, changes and repeats nothing that the store acknowledged, however often it is killed", async () => {
    const directory = join(parent, "loop");
    const lines = 160;
    const lives = Array.from({ length: 24 }, (_, index) => 1 + ((index * 5) % 8));
    const survived = await crashLoop({ start, directory, lines, lives });
    await assertNothingLost(directory, lines, survived.outcomes);
    assert.equal(survived.kills, lives.length);
    assert.ok(survived.outcomes.size > 0);
    // A line runs again only if it was in flight when its process was killed: four at most.
    assert.ok(survived.attempts <= lines + lines / 7 + 1 + 4 * survived.kills, `${survived.attempts} attempts`);
  });

  it("can die between any two writes: the next one ends the batch with the same results", async (t) => {
    const lines = 60;
    const nothing = (): void => undefined;
    for (let step = 1; ; step++) {
      const directory = join(parent, `step-${step}`);
      const worker = start("work", directory, String(lines), String(step));
      const told: string[] = [];
      for (let line = await worker.lines.next(); line.done !== true; line = await worker.lines.next())
        told.push(line.value);
      const exitCode = await worker.ended();
      const { store, blobs } = openDirectly(directory);
      await runJob({ store, blobs, lines, step: nothing, tell: nothing });
      await store.close();
      await assertNothingLost(directory, lines, new Map());
      assert.deepEqual(
        readdirSync(join(directory, "blobs")).filter((name) => name.endsWith(".part")),
        [],
      );
      if (exitCode === 0) return;
      t.diagnostic(told.at(-1) ?? "");
    }
  });
});
