import assert from "node:assert/strict";
import { readFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { startModelServer, type ModelServer, type ModelServerOptions } from "../../src/testing/index.ts";
import type { BenchResults } from "../../src/cli/bench/results.ts";
import { startGateway } from "../support/gateway.ts";
import { onFreePort } from "./free-port.ts";
import { Headgate, headgate } from "./run-headgate.ts";

const QUICK: ModelServerOptions = {
  engine: "llama-server",
  timing: { prefillMsPerToken: 0.01, decodeMsPerToken: 0.5 },
  answer: { tokens: 4000, toolCalls: "never" },
  promptCache: "all",
  batchTokens: 256,
};

function startQuick(options: ModelServerOptions = {}): Promise<ModelServer> {
  return startModelServer({ ...QUICK, ...options });
}

class Folder implements AsyncDisposable {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  static async make(): Promise<Folder> {
    return new Folder(await mkdtemp(join(tmpdir(), "headgate-bench-")));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true });
  }
}

/** The names of all members, of a list those of its last item. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(-1).map(shapeOf);
  if (typeof value !== "object" || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shapeOf(member)]));
}

/** The example in the documentation. */
async function documented(): Promise<unknown> {
  const text = await readFile(join(import.meta.dirname, "../../docs/bench.md"), "utf8");
  return JSON.parse(/```json\n([\s\S]*?)```/.exec(text)![1]!);
}

async function resultsIn(file: string): Promise<BenchResults> {
  return JSON.parse(await readFile(file, "utf8")) as BenchResults;
}

describe("headgate bench", () => {
  test("measures the same people on three ways, checks their answers, and leaves the server alone", async () => {
    await using server = await startQuick();
    await using folder = await Folder.make();
    const file = join(folder.path, "results.json");
    const flags = [
      "--upstream",
      server.url,
      "--minutes",
      "0.06",
      "--share",
      "0.6",
      "--scenario",
      "chat/batch",
      "--json",
      file,
    ];
    const { exitCode, stdout, stderr } = await headgate(["bench", ...flags]);
    assert.equal(exitCode, 0, stderr);
    const results = await resultsIn(file);
    const { format, version, complete, scenarios, server: measured } = results;
    assert.deepEqual(shapeOf(results), shapeOf(await documented()));
    assert.deepEqual([format, version, complete], ["headgate-bench", 1, true]);
    assert.deepEqual([measured.engine, measured.simulated, measured.capacity], ["llama-server", false, 1]);
    const { ways } = scenarios[0]!;
    assert.deepEqual(
      ways.map(({ way }) => way),
      ["direct", "headgate", "headgate --preempt"],
    );
    const { asked } = ways[0]!.people;
    assert.ok(asked > 0);
    for (const { people, answers, background, others } of ways) {
      assert.equal(people.asked, asked);
      assert.equal(people.answered, asked);
      assert.equal(people.requests.length, asked);
      assert.deepEqual([answers.different, answers.failed, others], [0, 0, false]);
      assert.ok(background.tokens > 0);
    }
    assert.ok(ways[1]!.answers.compared > 0);
    assert.ok(ways[2]!.parks!.resumed > 0, "nothing stepped aside");
    for (const row of [/^first come, first served /m, /^Headgate /m, /^Headgate --preempt /m])
      assert.match(stdout, row);
    assert.match(stderr, /^chat over batch: warming up$/m);
    assert.equal(server.live, 0);
  });

  test("an agent's turns come one after the other, over documents to classify, on a simulated server too", async () => {
    const flags = ["--simulate", "--minutes", "0.06", "--scenario", "agents/classify", "--json", "-"];
    const { exitCode, stdout, stderr } = await headgate(["bench", ...flags]);
    assert.equal(exitCode, 0, stderr);
    const { scenarios, server } = JSON.parse(stdout) as BenchResults;
    assert.equal(server.simulated, true);
    for (const { people, answers } of scenarios[0]!.ways) {
      assert.ok(answers.compared > 0);
      assert.equal(answers.different, 0);
      for (const [index, { askedMs }] of people.requests.entries()) {
        const before = people.requests[index - 1];
        assert.ok(before === undefined || askedMs >= before.endedMs!, "two turns of one agent overlap");
      }
    }
  });

  test("a server that refuses a second request is measured all the same: directly people are refused, behind Headgate nobody", async () => {
    await using server = await startQuick({
      engine: "vllm-mlx",
      timing: { prefillMsPerToken: 0.01, decodeMsPerToken: 0.5 },
    });
    const flags = [
      "--upstream",
      server.url,
      "--minutes",
      "0.05",
      "--share",
      "0.6",
      "--scenario",
      "chat/batch",
      "--json",
      "-",
    ];
    const { exitCode, stdout, stderr } = await headgate(["bench", ...flags]);
    assert.equal(exitCode, 0, stderr);
    const [direct, ...gated] = (JSON.parse(stdout) as BenchResults).scenarios[0]!.ways;
    assert.ok(direct!.answers.failed > 0);
    assert.match(direct!.answers.why[0]!, /503/);
    for (const { answers, people } of gated) assert.deepEqual([answers.failed, people.answered], [0, people.asked]);
  });

  test("Ctrl-C ends it, reports what was measured until then, and leaves nothing at the server", async () => {
    await using server = await startQuick();
    await using folder = await Folder.make();
    const file = join(folder.path, "results.json");
    const flags = [
      "--upstream",
      server.url,
      "--minutes",
      "1",
      "--scenario",
      "chat/classify",
      "--share",
      "0.9",
      "--json",
      file,
    ];
    const running = new Headgate(["bench", ...flags]);
    await running.says(/first come, first served: \d+ people within/, "stderr");
    const ended = running.ended();
    running.process.kill("SIGINT");
    const { exitCode, stdout, stderr } = await ended;
    assert.equal(exitCode, 130, stderr);
    assert.match(stderr, /^Interrupted/m);
    assert.match(stdout, /INTERRUPTED/);
    const { complete, scenarios } = await resultsIn(file);
    assert.equal(complete, false);
    assert.deepEqual(
      scenarios.flatMap(({ ways }) => ways.map((way) => [way.way, way.complete])),
      [["direct", false]],
    );
    assert.equal(server.live, 0);
  });

  test("Ctrl-C during the warm-up ends it without figures", async () => {
    await using server = await startQuick({ timing: { prefillMsPerToken: 1, decodeMsPerToken: 20 } });
    const running = new Headgate(["bench", "--upstream", server.url]);
    await running.says(/warming up/, "stderr");
    const ended = running.ended();
    running.process.kill("SIGINT");
    const { exitCode, stdout } = await ended;
    assert.equal(exitCode, 130);
    assert.match(stdout, /INTERRUPTED/);
    assert.equal(server.live, 0);
  });

  test("refuses politely to load a server that others use, and says when to try again", async () => {
    await using server = await startQuick({ timing: { prefillMsPerToken: 0, decodeMsPerToken: 1000 } });
    const others = new AbortController();
    const body = JSON.stringify({
      messages: [{ role: "user", content: "A long one." }],
      max_tokens: 3000,
      stream: true,
    });
    const answer = await fetch(`${server.url}/v1/chat/completions`, { method: "POST", body, signal: others.signal });
    const { exitCode, stderr } = await headgate(["bench", "--upstream", server.url]);
    assert.equal(exitCode, 69);
    assert.match(stderr, /1 request of somebody else is at .*try again when it is idle, or with --force/);
    assert.equal(server.served.filter(({ isWork }) => isWork).length, 1);
    others.abort();
    await answer.text().catch(() => {});
  });

  test("refuses Headgate itself, an address where nobody answers, and what is no scenario", async () => {
    await using it = await startGateway();
    const itself = await headgate(["bench", "--upstream", it.url]);
    assert.equal(itself.exitCode, 69);
    assert.match(itself.stderr, /is Headgate itself: name the model server behind it/);
    const nobody = await headgate(["bench", "--upstream", await onFreePort()]);
    assert.equal(nobody.exitCode, 69);
    assert.match(nobody.stderr, /no model server answers/);
    const wrong = await headgate(["bench", "--scenario", "chat"]);
    assert.equal(wrong.exitCode, 64);
    assert.match(wrong.stderr, /chat\/batch/);
    const share = await headgate(["bench", "--share", "1.5"]);
    assert.equal(share.exitCode, 64);
  });

  test("a server that refuses the work is told of with its own words and a remedy", async () => {
    await using server = await startQuick({ contextTokens: 256 });
    const { exitCode, stderr } = await headgate(["bench", "--upstream", server.url, "--minutes", "0.1"]);
    assert.equal(exitCode, 69);
    assert.match(stderr, /it answered 400: .*; a smaller --context may help/);
  });
});
