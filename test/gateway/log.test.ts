import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, openSync, closeSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Gate } from "../../src/gate/index.ts";
import { unknownEngine } from "../../src/engines/unknown.ts";
import type { Classification } from "../../src/gateway/classify.ts";
import type { LogConfig } from "../../src/gateway/config/types.ts";
import { createLog, type LogStream } from "../../src/gateway/log.ts";
import { logGate, UnknownPriorities, UpstreamNews } from "../../src/gateway/log-events.ts";
import { requestLines } from "../../src/gateway/log-requests.ts";
import { openRecord, type RequestRecord } from "../../src/gateway/request-record.ts";
import type { Upstream } from "../../src/gateway/upstream.ts";
import { ManualClock } from "../support/manual-clock.ts";

class Written implements LogStream {
  readonly isTTY: boolean;
  text = "";

  constructor(isTTY = false) {
    this.isTTY = isTTY;
  }

  write(text: string): void {
    this.text += text;
  }

  get lines(): readonly Readonly<Record<string, unknown>>[] {
    return this.text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}

const CONFIG: LogConfig = { level: "debug", form: "auto" };

function finished(changes: Partial<RequestRecord> = {}): RequestRecord {
  return {
    ...openRecord("POST", "/v1/chat/completions", 1000),
    client: "chat",
    model: "qwen3-8b",
    upstream: "gpu",
    priority: 0,
    prioritySource: "path",
    state: "over",
    grantedAt: 1500,
    firstTokenAt: 1800,
    endedAt: 4400,
    outcome: "finished",
    status: 200,
    promptTokens: 12,
    completionTokens: 182,
    ...changes,
  };
}

function write(record: RequestRecord, stream: Written, config = CONFIG): void {
  requestLines(createLog(config, stream)).closed?.(record);
}

describe("log: one line for each request that has ended", () => {
  it("says who it was, how long everything took, and how it ended", () => {
    const out = new Written();
    const record = finished();
    write(record, out);
    const [{ time, ...line } = {}] = out.lines;
    assert.match(String(time), /^\d{4}-\d\d-\d\dT.*Z$/);
    assert.deepEqual(line, {
      level: "info",
      id: record.id,
      method: "POST",
      path: "/v1/chat/completions",
      status: 200,
      outcome: "finished",
      client: "chat",
      priority: 0,
      source: "path",
      model: "qwen3-8b",
      upstream: "gpu",
      waitMs: 500,
      firstTokenMs: 800,
      totalMs: 3400,
      promptTokens: 12,
      completionTokens: 182,
      msg: "request",
    });
  });

  it("leaves out what the request did not get to, and tells the wait of one that never got a permit", () => {
    const out = new Written();
    const ended = {
      grantedAt: undefined,
      firstTokenAt: undefined,
      promptTokens: undefined,
      completionTokens: undefined,
    };
    write(finished({ ...ended, gateId: "w1", outcome: "queue_timeout", status: 429 }), out);
    write(finished({ ...ended, outcome: "upstream_unreachable", status: 503 }), out);
    const [line = {}, neverQueued = {}] = out.lines;
    assert.equal(line["waitMs"], 3400);
    assert.ok(!("waitMs" in neverQueued));
    assert.equal(line["outcome"], "queue_timeout");
    assert.ok(!("firstTokenMs" in line) && !("completionTokens" in line));
  });

  it("is a warning when the model server failed, an error when Headgate did, and for debugging when it was only passed on", () => {
    const levelOf = (changes: Partial<RequestRecord>): unknown => {
      const out = new Written();
      write(finished(changes), out);
      return out.lines[0]?.["level"];
    };
    assert.equal(levelOf({ outcome: "client_closed", status: 499 }), "info");
    assert.equal(levelOf({ outcome: "queue_full", status: 429 }), "info");
    assert.equal(levelOf({ outcome: "upstream_timeout", status: 504 }), "warn");
    assert.equal(levelOf({ outcome: "internal_error", status: 500 }), "error");
    assert.equal(levelOf({ outcome: undefined }), "error");
    assert.equal(levelOf({ priority: undefined }), "debug");
    assert.equal(levelOf({ priority: undefined, outcome: "refused", status: 401 }), "info");
  });

  it("tells neither query nor more of a long name than helps", () => {
    const out = new Written();
    const path = "/v1/models?api_key=secret";
    write({ ...finished({ model: "m".repeat(10_000) }), path }, out);
    const [line = {}] = out.lines;
    assert.equal(line["path"], "/v1/models");
    assert.ok(out.text.length < 1000);
    assert.doesNotMatch(out.text, /secret/);
  });

  it("respects the level, also one that is changed later", () => {
    const out = new Written();
    const log = createLog({ ...CONFIG, level: "error" }, out);
    const observer = requestLines(log);
    observer.closed?.(finished());
    assert.equal(out.text, "");
    log.level = "info";
    observer.closed?.(finished());
    assert.equal(out.lines.length, 1);
    const silent = new Written();
    write(finished({ outcome: "internal_error" }), silent, { ...CONFIG, level: "silent" });
    assert.equal(silent.text, "");
  });
});

describe("log: for people", () => {
  it("is text on a terminal and JSON elsewhere, unless the form is set", () => {
    const textOn = (isTTY: boolean, form: LogConfig["form"]): boolean => {
      const out = new Written(isTTY);
      createLog({ ...CONFIG, form }, out).info("hello");
      return !out.text.startsWith("{");
    };
    assert.equal(textOn(true, "auto"), true);
    assert.equal(textOn(false, "auto"), false);
    assert.equal(textOn(true, "json"), false);
    assert.equal(textOn(false, "text"), true);
  });

  it("a request is one line, the times in seconds", () => {
    const out = new Written(true);
    write(finished(), out);
    const text = out.text.replace(/^\d\d:\d\d:\d\d /, "").replace(/req_\w{8}\n$/, "ID");
    assert.equal(
      text,
      "✓ 200 foreground  waited  0.5 s  first  0.8 s  total  3.4 s    182 tokens  qwen3-8b  on gpu  for chat  by path" +
        "  POST /v1/chat/completions  ID",
    );
  });

  it("a refusal says what it was", () => {
    const out = new Written(true);
    write(finished({ outcome: "queue_full", status: 429, priority: 100, prioritySource: "default" }), out);
    assert.match(out.text, /✗ 429 background {2}.* queue_full {2}/);
    assert.doesNotMatch(out.text, /by default/);
  });

  it("other lines show their details, errors their words; only one without a code shows its stack", () => {
    const out = new Written(true);
    const log = createLog(CONFIG, out);
    log.warn({ gate: "local", waiting: 3 }, "it waits");
    assert.match(out.text, /^\d\d:\d\d:\d\d WARN {2}it waits gate=local waiting=3\n$/);
    out.text = "";
    log.error({ err: Object.assign(new Error("no way"), { code: "ENOWAY" }) }, "failed");
    assert.match(out.text, /ERROR failed\n +no way\n$/);
    out.text = "";
    log.error({ err: new Error("a defect") }, "failed");
    assert.match(out.text, /Error: a defect\n +at /);
  });

  it("colours only where they are wanted, and they change no word", () => {
    const plain = new Written(true);
    const coloured = Object.assign(new Written(true), { hasColors: () => true });
    const record = finished();
    write(record, plain);
    write(record, coloured);
    assert.ok(coloured.text.includes("\u001B["));
    assert.ok(!plain.text.includes("\u001B["));
    // oxlint-disable-next-line no-control-regex
    assert.equal(coloured.text.replaceAll(/\u001B\[\d+m/g, "").slice(8), plain.text.slice(8));
  });

  it("nothing that a client sends reaches the terminal as a control character or as a line of its own", () => {
    const out = new Written(true);
    write(finished({ model: "\u001B]0;owned\u0007\r\n12:00:00 ✓ 200\u202E", client: "a\nb" }), out);
    const log = createLog(CONFIG, out);
    log.warn({ named: "\u001B[2J", "a\u001Bb": 1 }, "x\u001B[2Jy");
    // oxlint-disable-next-line no-control-regex
    assert.doesNotMatch(out.text, /[\u0000-\u0009\u000B-\u001F\u202E]/);
    assert.equal(out.text.split("\n").length, 3);
  });
});

describe("log: errors", () => {
  it("tell their kind, words, code and cause, and none of their other members", () => {
    const out = new Written();
    const cause = Object.assign(new TypeError("inside"), { body: "secret prompt" });
    const err = Object.assign(new Error("outside", { cause }), { code: "E1", request: { authorization: "secret" } });
    createLog(CONFIG, out).error({ err }, "failed");
    assert.doesNotMatch(out.text, /secret/);
    const told = out.lines[0]?.["err"] as Record<string, unknown>;
    assert.equal(told["type"], "Error");
    assert.equal(told["code"], "E1");
    assert.equal((told["cause"] as Record<string, unknown>)["message"], "inside");
  });
});

describe("log: what should not happen", () => {
  it("a starving waiter is a warning that names it, once", async () => {
    const out = new Written();
    const clock = new ManualClock();
    const gate = new Gate({ name: "local", capacity: 1, starvationWarnMs: 300_000, clock });
    const end = logGate(createLog(CONFIG, out), gate);
    const held = await gate.acquire();
    const waiting = gate.acquire({ priority: 100, label: "req_1" });
    clock.advance(700_000);
    const warnings = out.lines.filter(({ level }) => level === "warn");
    assert.equal(warnings.length, 1);
    const { time: _, ...warning } = warnings[0]!;
    assert.deepEqual(warning, {
      level: "warn",
      gate: "local",
      request: "req_1",
      priority: 100,
      waitedMs: 300_000,
      waiting: 1,
      msg: "a request has now waited more than 300 s; the oldest is named",
    });
    held.release();
    (await waiting).release();
    end();
    out.text = "";
    gate.pause();
    assert.equal(out.text, "");
  });

  it("a listener that throws is an error with its words", () => {
    const out = new Written();
    const gate = new Gate({ name: "local" });
    logGate(createLog(CONFIG, out), gate);
    gate.on("dispatch", () => {
      throw new Error("oops");
    });
    gate.tryAcquire()!.release();
    const [line = {}] = out.lines;
    assert.equal(line["level"], "error");
    assert.equal((line["err"] as { message: string }).message, "oops");
  });

  it("a model server is told of when it comes, goes or becomes another, and not in between", () => {
    const out = new Written();
    const news = new UpstreamNews(createLog(CONFIG, out));
    const upstream = {
      name: "gpu",
      url: new URL("http://me:secret@127.0.0.1:8080/x"),
      engine: { ...unknownEngine },
      capacity: { slots: 1, source: "assumed" },
      health: "down",
    };
    const look = (changes: Partial<typeof upstream>): string => {
      out.text = "";
      news.seen(Object.assign(upstream, changes) as unknown as Upstream);
      return out.lines.map(({ level, msg }) => `${String(level)}: ${String(msg)}`).join();
    };
    assert.equal(look({}), "warn: model server is down; asking again until it answers");
    assert.equal(look({}), "");
    assert.equal(look({ health: "loading" }), "info: model server is loading");
    assert.equal(look({ health: "ready" }), "info: model server is up");
    assert.doesNotMatch(out.text, /secret/);
    assert.equal(look({}), "");
    assert.equal(look({ capacity: { slots: 4, source: "/props total_slots" } }), "info: model server is up");
    assert.equal(out.lines[0]?.["slots"], 4);
    assert.equal(look({ health: "down" }), "warn: model server is down; asking again until it answers");
  });

  it("an unknown priority name is a warning, once for each name and for a hundred names at most", () => {
    const out = new Written();
    const names = new UnknownPriorities(createLog(CONFIG, out));
    const told = (unknown: string | undefined): void =>
      names.classified({ unknown, priority: 100 } as Classification, "chat");
    told(undefined);
    told("urgent");
    told("urgent");
    assert.equal(out.lines.length, 1);
    assert.equal(out.lines[0]?.["named"], "urgent");
    for (let n = 0; n < 1000; n++) told(`name ${n}`);
    assert.equal(out.lines.length, 100);
  });
});

describe("log: standard output", () => {
  const module = JSON.stringify(join(import.meta.dirname, "../../src/gateway/log.ts"));
  const program = (body: string): readonly string[] => [
    "--input-type=module",
    "--eval",
    `import { write } from "node:fs";
     import { createLog } from ${module};
     const log = createLog({ level: "info", form: "json" });
     const lines = (count, length) => {
       for (let n = 0; n < count; n++) log.info({ n, pad: "x".repeat(length) }, "line");
     };
     ${body}`,
  ];
  const numbersIn = (text: string): readonly number[] =>
    text
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { n: number }).n);

  for (const end of ["", "process.exit(0);"]) {
    it(`is written in full before the process ${end === "" ? "ends" : "exits"}`, async () => {
      const body = `lines(500, 1000); ${end}`;
      const child = spawn(process.execPath, program(body), { stdio: ["ignore", "pipe", "inherit"] });
      let text = "";
      child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      const [code] = (await once(child, "close")) as [number];
      assert.equal(code, 0);
      const numbers = Array.from({ length: 500 }, (_, n) => n);
      // A line that was being written at that moment may come after others that are written at the end.
      assert.deepEqual(end === "" ? numbersIn(text) : numbersIn(text).toSorted((a, b) => a - b), numbers);
    });
  }

  it("that nobody reads stops nothing, and takes no memory without bound", async () => {
    const body = "lines(100_000, 8000); process.send(process.memoryUsage().rss);";
    const child = spawn(process.execPath, program(body), { stdio: ["ignore", "pipe", "inherit", "ipc"] });
    const [bytes] = (await once(child, "message")) as [number];
    child.kill("SIGKILL");
    await once(child, "exit");
    child.stdout?.destroy();
    // 800 MB were written.
    assert.ok(bytes < 400e6, `${bytes} bytes`);
  });

  it("that cannot be written to stops nothing, neither the process nor its end", async () => {
    if (!existsSync("/dev/full")) return;
    const full = openSync("/dev/full", "w");
    try {
      const body = `
        lines(3, 10);
        const settled = () => new Promise((resolve) => write(1, "x", resolve));
        for (let n = 0; n < 20; n++) await settled();
        lines(3, 10);
        process.exit(7);`;
      const child = spawn(process.execPath, program(body), { stdio: ["ignore", full, "inherit"] });
      assert.deepEqual(await once(child, "exit"), [7, null]);
    } finally {
      closeSync(full);
    }
  });
});
