import assert from "node:assert/strict";
import { test } from "node:test";
import { startModelServer, type Fault, type ModelServer } from "../../src/testing/index.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { call, events, get, post, said, USER } from "./talk.ts";

const PATH = "/v1/chat/completions";
const STREAM = { messages: [USER], stream: true };
const WHOLE = { messages: [USER] };

/** Everything that comes before the answer ends or breaks, and how it ends. */
async function reading(
  answer: Promise<Response>,
): Promise<{ text: string; failed: boolean; status: number | undefined }> {
  let text = "";
  let status: number | undefined;
  try {
    const response = await answer;
    status = response.status;
    for await (const chunk of response.body!) text += Buffer.from(chunk as Uint8Array).toString();
    return { text, failed: false, status };
  } catch {
    return { text, failed: true, status };
  }
}

async function answered(server: ModelServer): Promise<void> {
  const { text, failed } = await reading(post(server, PATH, STREAM));
  assert.equal(failed, false);
  assert.ok(text.endsWith("[DONE]\n\n"));
}

test("each fault hits one request, frees its slot, and the next request is answered", async () => {
  const faults: [Fault, check: (seen: Awaited<ReturnType<typeof reading>>) => void][] = [
    [{ kind: "close" }, ({ failed, status }) => assert.deepEqual([failed, status], [true, undefined])],
    [{ kind: "garbage" }, ({ failed, status }) => assert.deepEqual([failed, status], [true, undefined])],
    [
      { kind: "status", status: 500 },
      ({ status, text }) => assert.ok(status === 500 && text.includes("simulated failure 500")),
    ],
    [
      { kind: "status", status: 429, body: "later" },
      ({ status, text }) => assert.deepEqual([status, text], [429, "later"]),
    ],
    [{ kind: "reset", afterTokens: 5 }, ({ failed }) => assert.equal(failed, true)],
    [{ kind: "cut", afterTokens: 5 }, ({ failed }) => assert.equal(failed, true)],
    [{ kind: "short", afterTokens: 5 }, ({ failed, text }) => assert.ok(!failed && !text.includes("[DONE]"))],
    [
      { kind: "error-inside", afterTokens: 5, message: "boom" },
      ({ failed, text }) => assert.ok(!failed && text.includes("boom")),
    ],
    [{ kind: "garbage-inside", afterTokens: 5 }, ({ text }) => assert.throws(() => events(text), SyntaxError)],
  ];
  await using server = await startModelServer({ strict: true });
  for (const [fault, check] of faults) {
    for (const body of [STREAM, WHOLE]) {
      server.fail(fault);
      const seen = await reading(post(server, PATH, body));
      if (body === STREAM || !("afterTokens" in fault)) check(seen);
      const record = server.served.at(-1)!;
      assert.equal(record.outcome, "broken");
      assert.equal(record.tokens, "afterTokens" in fault ? fault.afterTokens : 0);
      await answered(server);
    }
  }
  assert.deepEqual([server.live, server.slots.busy], [0, 0]);
});

test("a stream that breaks has said exactly its tokens until then", async () => {
  await using server = await startModelServer({ strict: true });
  const { text } = await reading(post(server, PATH, STREAM));
  const whole = said(text);
  for (const kind of ["cut", "short"] as const) {
    server.fail({ kind, afterTokens: 12 });
    const seen = said((await reading(post(server, PATH, STREAM))).text);
    assert.equal(seen, server.served.at(-1)!.text);
    assert.ok(whole.startsWith(seen) && seen.length > 10);
  }
});

test("a whole answer that breaks is half a body, or none", async () => {
  await using server = await startModelServer();
  server.fail({ kind: "short", afterTokens: 9 });
  const short = await reading(post(server, PATH, WHOLE));
  assert.equal(short.status, 200);
  assert.throws(() => JSON.parse(short.text) as unknown, SyntaxError);
  server.fail({ kind: "reset", afterTokens: 9 });
  assert.equal((await reading(post(server, PATH, WHOLE))).status, undefined);
});

test("a silent server holds the request until its client gives up", async () => {
  await using server = await startModelServer({ strict: true });
  server.fail({ kind: "silent" });
  const victim = call(server, PATH, STREAM);
  await server.when("received");
  assert.equal(server.live, 1);
  victim.hangUp();
  assert.equal((await server.when("ended", 1)).outcome, "aborted");
  assert.equal(server.live, 0);
});

test("slow headers come when their time has come", async () => {
  const clock = new ManualClock();
  await using server = await startModelServer({ clock });
  server.fail({ kind: "slow-headers", afterMs: 5000 });
  const answer = reading(post(server, PATH, STREAM));
  await server.when("received");
  clock.advance(4999);
  assert.equal(server.served[0]!.at.started, undefined);
  clock.advance(1);
  assert.ok((await answer).text.endsWith("[DONE]\n\n"));
});

test("a stall stays until somebody hangs up, and an abort that hangs keeps its slot until the server goes down", async () => {
  await using server = await startModelServer();
  server.fail({ kind: "stall", afterTokens: 4 });
  const stalled = call(server, PATH, STREAM);
  await server.when("first-token", 1);
  assert.equal(server.served[0]!.tokens, 4);
  stalled.hangUp();
  await server.when("freed", 1);

  server.fail({ kind: "hang-after-abort" });
  server.pauseTokens();
  const hung = call(server, PATH, STREAM);
  await server.when("started", 2);
  await server.step(3);
  hung.hangUp();
  await server.when("hung-up", 2);
  server.resumeTokens();
  assert.deepEqual([server.live, server.slots.busy], [0, 1]);
  await server.goDown();
  await server.comeBack();
  assert.equal(server.slots.busy, 0);
  await answered(server);
});

test("a fault hits whom it is for, as often as it says, until it is taken back", async () => {
  await using server = await startModelServer({ engine: "llama-server" });
  const takeBack = server.fail(
    { kind: "status", status: 500 },
    { times: Infinity, which: ({ url }) => url === "/props" },
  );
  assert.equal((await get(server, "/props")).response.status, 500);
  assert.equal((await get(server, "/health")).response.status, 200);
  await answered(server);
  assert.equal((await get(server, "/props")).response.status, 500);
  takeBack();
  assert.equal((await get(server, "/props")).response.status, 200);
});

test("a server that is down refuses, has dropped everybody, and comes back on its port with nothing remembered", async () => {
  await using server = await startModelServer({ engine: "llama-server" });
  await answered(server);
  server.fail({ kind: "stall", afterTokens: 3 });
  const victim = reading(post(server, PATH, STREAM));
  await server.when("first-token", 2);
  const waiting = reading(post(server, PATH, STREAM));
  await server.when("queued", 3);
  await server.goDown();
  assert.equal((await victim).failed, true);
  assert.equal((await waiting).failed, true);
  assert.deepEqual([server.served[1]!.outcome, server.served[2]!.outcome], ["broken", "broken"]);
  await assert.rejects(get(server, "/health"), { name: "TypeError" });
  await server.comeBack();
  await answered(server);
  assert.equal(server.served.at(-1)!.cachedTokens, 0);
});
