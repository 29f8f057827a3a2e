import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Progress } from "../../src/cli/batch/progress.ts";
import type { BatchObject } from "../../src/batch/batch-object.ts";
import { batchOf, chatLines, ended } from "../e2e/batch-job.ts";
import { DataFolder } from "../support/data-folder.ts";
import { startGateway, type GatewayUnderTest } from "../support/gateway.ts";
import { Headgate, headgate } from "./run-headgate.ts";

interface Scene extends AsyncDisposable {
  readonly gateway: GatewayUnderTest;
  /** A path in a folder that is gone afterwards. */
  at(name: string): string;
  run(args: readonly string[], input?: string): ReturnType<typeof headgate>;
}

async function scene(): Promise<Scene> {
  const data = await DataFolder.make();
  const gateway = await startGateway({ config: { data: join(data.path, "data") } });
  return {
    gateway,
    at: (name) => join(data.path, name),
    run: (args, input) => headgate(["batch", ...args], { HEADGATE_URL: gateway.url }, input),
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await data[Symbol.asyncDispose]();
    },
  };
}

describe("headgate batch", () => {
  it("submits a file, waits, writes the results and ends with 0", async () => {
    await using here = await scene();
    await writeFile(here.at("in.jsonl"), chatLines(12));
    const run = await here.run([
      "submit",
      here.at("in.jsonl"),
      "--output",
      here.at("out.jsonl"),
      "--errors",
      here.at("err.jsonl"),
    ]);
    assert.equal(run.exitCode, 0, run.stderr);
    assert.match(run.stdout, /^batch_[0-9a-f]{24}\n$/);
    assert.match(run.stderr, /12 of 12, completed/);
    const lines = (await readFile(here.at("out.jsonl"), "utf8")).trim().split("\n");
    assert.equal(lines.length, 12);
    assert.match(lines[0]!, /"custom_id":"line-0"/);
    assert.equal(await readFile(here.at("err.jsonl"), "utf8"), "");
  });

  it("submits standard input at once, and list, show and output find it again", async () => {
    await using here = await scene();
    const submitted = await here.run(["submit", "-", "--metadata", "a=1", "--metadata", "b=2=3"], chatLines(2));
    assert.equal(submitted.exitCode, 0, submitted.stderr);
    const id = submitted.stdout.trim();
    assert.deepEqual((await ended(here.gateway, id)).metadata, { a: "1", b: "2=3" });
    assert.match((await here.run(["list"])).stdout, new RegExp(`${id} +completed +2 +0 +2 `));
    const shown = await here.run(["show", id]);
    assert.match(shown.stdout, /lines +2 completed, 0 failed, of 2/);
    const output = await here.run(["output", id]);
    assert.equal(output.stdout.trim().split("\n").length, 2);
    assert.equal(output.exitCode, 0);
  });

  it("ends with 1 when lines failed, and with 2 and the lines to blame when the file is wrong", async () => {
    await using here = await scene();
    here.gateway.server.fail({ kind: "status", status: 400 });
    assert.equal((await here.run(["submit", "-", "--wait"], chatLines(2))).exitCode, 1);
    const wrong = await here.run(["submit", "-", "--wait"], "{}\nno\n");
    assert.equal(wrong.exitCode, 2);
    assert.match(wrong.stderr, /line 2: This line is not parseable as valid JSON\. \(invalid_json_line\)/);
  });

  it("pauses, goes on and cancels", async () => {
    await using here = await scene();
    here.gateway.server.pauseTokens();
    const id = (await here.run(["submit", "-"], chatLines(3))).stdout.trim();
    assert.match((await here.run(["pause", id])).stdout, /\(paused\)/);
    assert.doesNotMatch((await here.run(["unpause", id])).stdout, /paused/);
    assert.equal((await here.run(["output", id])).exitCode, 65);
    assert.match((await here.run(["cancel", id])).stdout, /is cancel/);
    await ended(here.gateway, id);
    here.gateway.server.resumeTokens();
    assert.equal((await here.run(["output", id])).exitCode, 2);
  });

  it("an interrupted wait leaves the batch running and says how to come back", async () => {
    await using here = await scene();
    here.gateway.server.pauseTokens();
    await writeFile(here.at("in.jsonl"), chatLines(3));
    const command = new Headgate(["batch", "submit", here.at("in.jsonl"), "--wait"], {
      HEADGATE_URL: here.gateway.url,
    });
    await command.says(/of 3/, "stderr");
    command.process.kill("SIGINT");
    const { exitCode, stdout, stderr } = await command.ended();
    const id = stdout.trim();
    assert.equal(exitCode, 130);
    assert.match(stderr, new RegExp(`headgate batch output ${id}`));
    assert.equal((await batchOf(here.gateway, id)).status, "in_progress");
    here.gateway.server.resumeTokens();
    assert.equal((await ended(here.gateway, id)).request_counts.completed, 3);
  });

  it("says what is wrong, with an exit code of its own for each", async () => {
    await using here = await scene();
    assert.equal((await here.run(["submit", here.at("nothing.jsonl")])).exitCode, 65);
    const unknown = await here.run(["show", "batch_none"]);
    assert.equal(unknown.exitCode, 65);
    assert.match(unknown.stderr, /No batch found with id 'batch_none'/);
    assert.equal((await here.run(["submit"])).exitCode, 64);
    assert.equal((await here.run(["list", "--gateway", "http://127.0.0.1:9"])).exitCode, 69);
  });
});

function batch(completed: number, changes: Partial<BatchObject> = {}): BatchObject {
  const request_counts = { total: 100, completed, failed: 1 };
  return {
    status: "in_progress",
    request_counts,
    headgate: { paused: false, priority: 100 },
    ...changes,
  } as BatchObject;
}

describe("the progress of a batch", () => {
  it("is a bar with rate and time left on a terminal, always in the same line", () => {
    let written = "";
    const progress = new Progress({ isTTY: true, write: (text) => (written += text) });
    progress.show(batch(9), 0);
    progress.show(batch(49), 10_000);
    progress.end();
    const bars = written.replace(/\n$/, "").split("\r").slice(1);
    assert.ok(bars.every((bar) => bar.startsWith("\u{1b}[K[")));
    assert.deepEqual(
      bars.map((bar) => bar.slice(3)),
      [
        `[##${"-".repeat(22)}] 10 of 100, 1 failed`,
        `[${"#".repeat(12)}${"-".repeat(12)}] 50 of 100, 1 failed, 4.0/s, about 12.5 s left`,
      ],
    );
  });

  it("is a line at every tenth, change of state or half a minute elsewhere", () => {
    const written: string[] = [];
    const progress = new Progress({ write: (text) => written.push(text) });
    progress.show(batch(0), 0);
    progress.show(batch(5), 1_000);
    progress.show(batch(10), 2_000);
    progress.show(batch(11), 33_000);
    progress.show(batch(11), 90_000);
    progress.show(batch(11, { status: "finalizing" }), 91_000);
    assert.deepEqual(
      written.map((line) => /(\d+) of/.exec(line)?.[1]),
      ["1", "11", "12", "12"],
    );
  });
});
