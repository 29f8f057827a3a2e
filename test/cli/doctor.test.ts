import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { examine, type ExamineOptions, type Report } from "../../src/cli/doctor/examine.ts";
import { judge } from "../../src/cli/doctor/judge.ts";
import type { Measurement } from "../../src/cli/doctor/measure.ts";
import { reportLines } from "../../src/cli/doctor/report-text.ts";
import { llamaServer } from "../../src/engines/llama-server.ts";
import { mlxLm } from "../../src/engines/mlx-lm.ts";
import { systemClock, type Clock } from "../../src/gate/index.ts";
import { startModelServer, type ModelServer, type ModelServerOptions } from "../../src/testing/index.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { startGateway } from "../support/gateway.ts";
import { onFreePort } from "./free-port.ts";
import { headgate } from "./run-headgate.ts";

/** Answers that would go on for seconds if nobody stopped them. */
const SLOW = { prefillMsPerToken: 0, decodeMsPerToken: 5, loadMs: 0 };

function server(options: ModelServerOptions = {}): Promise<ModelServer> {
  return startModelServer({ engine: "llama-server", timing: SLOW, answer: { tokens: 2_000 }, ...options });
}

/** Time stands still, so that no figure depends on the machine; what a figure means is tested with figures. */
function look({ url }: { url: string }, options: Partial<ExamineOptions> = {}): Promise<Report> {
  const clock = new ManualClock();
  return examine(new URL(url), { apiKey: undefined, model: undefined, force: false, clock, ...options });
}

describe("headgate doctor examines", () => {
  test("a server that stops when a client hangs up: no problem, and nothing is left running on it", async () => {
    await using it = await server();
    const report = await look(it);
    assert.partialDeepStrictEqual(report, {
      engine: "llama-server",
      health: "ready",
      capacity: 1,
      capacitySource: "/props total_slots",
      stepAside: "resume",
      problems: [],
    });
    assert.ok("freeMs" in report.measured!.abort);
    assert.deepEqual([it.live, it.maxLive], [0, 1]);
  });

  test("a server with several slots by filling all of them first", async () => {
    await using it = await server({ slots: 3 });
    const report = await look(it);
    assert.equal(it.maxLive, 3);
    assert.deepEqual(report.problems, []);
    assert.match(report.advice.join(), /3 slots share one speed/);
  });

  test("a server whose slot is lost after an abort: a problem, after a limited time", async () => {
    await using it = await server();
    it.fail({ kind: "hang-after-abort" }, { times: Infinity });
    // Nobody will get in however long the doctor waits, so it need not wait long.
    const impatient: Clock = { ...systemClock, after: (_ms, callback) => systemClock.after(1, callback, true) };
    const { problems, advice } = await look(it, { clock: impatient });
    assert.match(problems.join(), /its slot seems to be lost/);
    assert.match(advice.join(), /leave --preempt off/);
  });

  test("no stream of Ollama is ever closed before its end", async () => {
    await using it = await server({ engine: "ollama", models: ["small"], answer: { tokens: 30 } });
    const report = await look(it, { model: "small" });
    assert.ok("notMeasured" in report.measured!.abort);
    assert.deepEqual(
      it.served.filter(({ isWork, outcome }) => isWork && outcome !== "answered"),
      [],
    );
  });

  test("a busy server only with --force, and leaves the others on it alone", async () => {
    await using it = await server();
    it.pauseTokens();
    const body = JSON.stringify({ messages: [{ role: "user", content: "hello" }], max_tokens: 2 });
    const others = fetch(`${it.url}/v1/chat/completions`, { method: "POST", body });
    await it.when("started");
    const report = await look(it);
    assert.match(report.problems.join(), /1 request of somebody else.*--force/);
    assert.equal(report.measured, undefined);
    assert.equal(it.served.filter(({ isWork }) => isWork).length, 1);
    it.resumeTokens();
    assert.equal((await others).status, 200);
    await (await others).text();
  });

  test("llama-server's load once, because every look puts off its cancellations", async () => {
    await using it = await server();
    await look(it);
    assert.equal(it.served.filter(({ url }) => /^\/(?:slots|metrics)/.test(url)).length, 1);
  });

  test("no server by loading a model into it that nobody asked for", async () => {
    await using it = await server({ engine: "mlx-vlm" });
    const report = await look(it);
    assert.match(report.notMeasured!, /--model/);
    assert.deepEqual(report.problems, []);
    assert.equal(it.served.filter(({ isWork }) => isWork).length, 0);
  });

  test("a port where nobody listens, a server that loads, one that fails and Headgate itself: each has its problem", async () => {
    const nobody = await look({ url: await onFreePort() });
    assert.match(nobody.problems.join(), /nothing answers/);
    await using loading = await server({ loading: true });
    assert.match((await look(loading)).problems.join(), /loading/);
    await using failing = await server();
    failing.fail({ kind: "status", status: 500 });
    assert.match((await look(failing)).problems.join(), /answered 500/);
    await using silent = await server();
    silent.fail({ kind: "close" });
    assert.match((await look(silent)).problems.join(), /connection failed/);
    await using gateway = await startGateway();
    assert.match((await look(gateway)).problems.join(), /Headgate itself/);
  });
});

describe("headgate doctor advises", () => {
  const GOOD: Measurement = {
    firstTokenMs: 50,
    msPerToken: 20,
    promptCache: { promptTokens: 600, firstMs: 250, againMs: 60 },
    abort: { freeMs: 30, remainingMs: 7_800 },
  };

  test("nothing to change where an abort frees at once and prompts are cached and short", () => {
    assert.deepEqual(judge(llamaServer, 1, GOOD), { problems: [], advice: [] });
  });

  test("smaller batches for a llama-server that takes seconds for one, and for no other server", () => {
    const promptCache = { promptTokens: 600, firstMs: 3_060, againMs: 60 };
    const { advice } = judge(llamaServer, 1, { ...GOOD, promptCache });
    assert.match(advice.join(), /about 10\.2 s.*-b 256 -ub 256 \(about 1\.3 s\)/);
    assert.deepEqual(judge(mlxLm, 1, { ...GOOD, promptCache }).advice, []);
  });

  test("the prompt cache where a long prompt costs as much again", () => {
    const promptCache = { promptTokens: undefined, firstMs: 3_000, againMs: 2_900 };
    assert.match(judge(llamaServer, 1, { ...GOOD, promptCache }).advice.join(), /--no-cache-prompt/);
    const quick = { promptTokens: undefined, firstMs: 80, againMs: 80 };
    assert.deepEqual(judge(llamaServer, 1, { ...GOOD, promptCache: quick }).advice, []);
  });

  test("patience where an abort takes seconds, and no interruptions where it does nothing", () => {
    const slow = judge(llamaServer, 1, { ...GOOD, abort: { freeMs: 2_000, remainingMs: 7_800 } });
    assert.deepEqual([slow.problems.length, slow.advice.length], [0, 1]);
    const ignored = judge(llamaServer, 1, { ...GOOD, abort: { freeMs: 7_000, remainingMs: 7_800 } });
    assert.equal(ignored.problems.length, 1);
    // Of an answer that was nearly over nothing can be said.
    assert.deepEqual(judge(llamaServer, 1, { ...GOOD, abort: { freeMs: 90, remainingMs: 100 } }).problems, []);
  });

  test("in lines that name the server, the figures, the problems and the advice, whatever a server calls its models", () => {
    const lines = reportLines({
      url: "http://127.0.0.1:8080",
      title: "llama.cpp llama-server",
      health: "ready",
      capacity: 1,
      capacitySource: "/props total_slots",
      stepAside: "resume",
      models: ["small\u001B[2J"],
      notes: ["a note"],
      measured: GOOD,
      problems: ["a problem"],
      advice: ["an advice"],
    });
    assert.deepEqual(lines, [
      "llama.cpp llama-server at http://127.0.0.1:8080 is ready",
      "  takes 1 request at a time (/props total_slots)",
      "  when a person comes, a running answer can be continued after an interruption",
      "  models: small\u{fffd}[2J",
      "  first token of a short request: 50 ms; then 20 ms for each",
      "  a prompt of 600 tokens: 250 ms to the first token, 60 ms when it comes again: the prompt cache works",
      "  abort to free slot: 30 ms (the answer would have gone on for 7.8 s)",
      "  PROBLEM: a problem",
      "  advice: an advice",
      "  a note",
    ]);
  });
});

describe("headgate doctor", () => {
  test("--json prints a report for each server and ends with 0 when there is no problem", async () => {
    // Far too long to be taken for an abort that did nothing, on any machine.
    await using it = await server({ timing: { ...SLOW, decodeMsPerToken: 50 } });
    const { exitCode, stdout } = await headgate(["doctor", "--json", "--upstream", it.url]);
    const { servers } = JSON.parse(stdout) as { servers: readonly Report[] };
    assert.partialDeepStrictEqual(servers, [{ url: it.url, engine: "llama-server", problems: [] }]);
    assert.equal(exitCode, 0);
  });

  test("ends with 1 and says so when there is a problem, and with 64 for an address that is none", async () => {
    const { exitCode, stdout } = await headgate(["doctor", "--upstream", await onFreePort()]);
    assert.match(stdout, /PROBLEM: nothing answers/);
    assert.equal(exitCode, 1);
    assert.equal((await headgate(["doctor", "--upstream", "gpu"])).exitCode, 64);
  });
});
