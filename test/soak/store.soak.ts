import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { assertNothingLost, crashLoop } from "../store/crash-loop.ts";
import { prepareProcess, type StartProcess } from "../store/other-process.ts";

describe("a store whose process is killed over and over", () => {
  let parent: string;
  let start: StartProcess;
  before(async () => {
    // On a disk: its slowness widens the gaps that a kill can hit.
    parent = mkdtempSync(join(tmpdir(), "headgate-soak-"));
    start = await prepareProcess(join(parent, "program"));
  });
  after(() => rmSync(parent, { recursive: true, force: true }));

  it("has lost, changed and repeated nothing after 250 kills", async (t) => {
    const directory = join(parent, "data");
    const lines = 3000;
    const lives = Array.from({ length: 250 }, (_, index) => 1 + ((index * 7) % 19));
    const survived = await crashLoop({ start, directory, lines, lives });
    await assertNothingLost(directory, lines, survived.outcomes);
    assert.equal(survived.kills, lives.length);
    t.diagnostic(
      `${survived.kills} kills, ${survived.acknowledged} settlements acknowledged, ${survived.attempts} attempts`,
    );
  });
});
