import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { ModelServerOptions, ServedRequest } from "../../src/testing/index.ts";
import { startGateway, type GatewayUnderTest, type Json } from "../support/gateway.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { hear, interruptedAt, type Heard } from "../property/interrupted.ts";
import { CHAT } from "./talk.ts";

const TEXT = Array.from({ length: 30 }, (_, n) => `word${n}`).join(" ");

interface Parked {
  readonly it: GatewayUnderTest;
  /** What the background client hears. */
  readonly background: Promise<Heard>;
  /** The person in whose favour it stepped aside, who has the slot. */
  readonly person: Promise<Response>;
  readonly clock: ManualClock;
  readonly client: AbortController;
}

interface Scene {
  readonly server?: ModelServerOptions;
  readonly config?: Json;
  readonly body?: Json;
  /** Tokens that the background client has when the person comes. */
  readonly after?: number;
}

/** A background stream that has stepped aside for a person, with every token held. */
async function parked({ server, config, body, after = 5 }: Scene = {}): Promise<Parked> {
  const clock = new ManualClock();
  const it = await startGateway({
    clock,
    server: { engine: "llama-server", answer: { text: TEXT }, ...server },
    config: { preempt: { enabled: true, minRunMs: 0, ...(config?.["preempt"] as object) } },
  });
  it.server.pauseTokens();
  const client = new AbortController();
  const asked = { model: it.server.model, stream: true, messages: [{ role: "user", content: "background" }], ...body };
  const answer = it.post(`/background${CHAT}`, asked, { signal: client.signal });
  const { id } = await it.server.when("started");
  if (after > 0) await it.server.step(after, id);
  await it.until(
    () => after === 0 || [...it.gateway.requests.live.values()].some((record) => record.firstTokenAt !== undefined),
  );
  const person = ask(it);
  await it.until(() => it.gate.snapshot().holders.some(({ priority }) => priority === 0));
  return { it, background: answer.then(hear), person, clock, client };
}

function ask(it: GatewayUnderTest): Promise<Response> {
  const messages = [{ role: "user", content: "person" }];
  return it.post(`/foreground${CHAT}`, { model: it.server.model, max_tokens: 1, messages });
}

async function read(answer: Promise<Response>): Promise<number> {
  const { status } = await answer;
  await (await answer).text();
  return status;
}

const byBackground = ({ body }: ServedRequest): boolean => body.includes("background");

const itsNextRun = (request: ServedRequest): boolean => byBackground(request) && request.isWork;

/** Lets the gateway's time go by until `what` has come, with room for the server to answer in between. */
async function passing<T>(clock: ManualClock, what: Promise<T>): Promise<T> {
  let isThere = false;
  what.finally(() => (isThere = true)).catch(() => {});
  while (!isThere) {
    clock.advance(250);
    await pause(10);
  }
  return what;
}

test("a parked client that hangs up leaves the line, and nothing more is done for it", async () => {
  const { it, background, person, client } = await parked();
  await using _ = it;
  client.abort();
  await assert.rejects(background);
  await it.waiting(0);
  it.server.resumeTokens();
  assert.equal(await read(person), 200);
  await it.over(2);
  assert.deepEqual(it.outcomes, ["client_closed", "finished"]);
  assert.equal(it.server.served.filter(byBackground).length, 1);
});

test("a server that was restarted while an answer was parked goes on with it all the same", async () => {
  for (const thinkingTags of [false, true]) {
    const server = { engine: "llama-server" as const, answer: { text: TEXT }, quirks: { thinkingTags } };
    const { it, background, person } = await parked({ server });
    await using _ = it;
    await it.server.goDown();
    await it.server.comeBack();
    await read(person).catch(() => {});
    it.server.resumeTokens();
    const heard = await background;
    assert.equal(heard.content, TEXT);
    assert.deepEqual([heard.ids, heard.ends, heard.errors], [1, 1, []]);
    assert.equal(it.server.served.findLast(itsNextRun)?.url, thinkingTags ? "/v1/completions" : CHAT);
  }
});

test("a server that is gone when an answer comes back: its client is told in-band, without the mark of an end", async () => {
  const { it, background, person } = await parked();
  await using _ = it;
  await it.server.goDown();
  await read(person).catch(() => {});
  const heard = await background;
  assert.equal(heard.ends, 0);
  assert.equal(heard.errors.length, 1);
  assert.ok(TEXT.startsWith(heard.content));
  await it.server.comeBack();
});

test("a server that will not go on says everything again, and the client hears what it has not heard yet", async () => {
  const { it, background, person } = await parked();
  await using _ = it;
  it.server.fail({ kind: "status", status: 400 }, { times: 2, which: itsNextRun });
  it.server.resumeTokens();
  await read(person);
  const heard = await background;
  assert.equal(heard.content, TEXT);
  assert.deepEqual([heard.ids, heard.roles, heard.ends, heard.errors], [1, 1, 1, []]);
});

test("a server that would not go on is not asked to again: what its clients have begun to read runs to its end", async () => {
  const { it, background, person } = await parked();
  await using _ = it;
  it.server.fail({ kind: "status", status: 400 }, { times: 2, which: itsNextRun });
  it.server.resumeTokens();
  await read(person);
  await background;
  it.server.pauseTokens();
  const seen = it.server.served.length;
  const second = it.post(`/background${CHAT}`, {
    model: it.server.model,
    stream: true,
    messages: [{ role: "user", content: "second" }],
  });
  const { id } = await it.server.when("started", (request) => request.id > seen && request.isWork);
  await it.server.step(5, id);
  const [line] = [ask(it)];
  await it.waiting(1);
  assert.equal(it.gate.snapshot().holders[0]?.priority, 100);
  it.server.resumeTokens();
  await Promise.all([read(second), read(line)]);
  assert.equal(it.ended.filter(({ parks }) => parks > 0).length, 1);
});

test("a server that will not continue a chat is given its text instead, and its client hears the rest", async () => {
  const { it, background, person } = await parked({
    body: { max_tokens: 400, stream_options: { include_usage: true } },
  });
  await using _ = it;
  it.server.fail({ kind: "status", status: 400 }, { which: itsNextRun });
  it.server.resumeTokens();
  await read(person);
  const heard = await background;
  assert.equal(heard.content, TEXT);
  assert.deepEqual([heard.ids, heard.roles, heard.ends, heard.errors], [1, 1, 1, []]);
  const whole = await it.post(`/background${CHAT}`, {
    model: it.server.model,
    messages: [{ role: "user", content: "background" }],
  });
  assert.deepEqual(heard.usage, (await hear(whole)).usage);
  const runs = it.server.served.filter((request) => itsNextRun(request));
  assert.deepEqual(
    runs.slice(0, 3).map(({ url }) => url),
    [CHAT, CHAT, "/v1/completions"],
  );
});

test("a server that has no room for what was said and more: all is said again, and others are gone on with as ever", async () => {
  const { it, background, person } = await parked();
  await using _ = it;
  const body = JSON.stringify({ error: { code: 400, type: "exceed_context_size_error", message: "too long" } });
  it.server.fail({ kind: "status", status: 400, body }, { which: itsNextRun });
  it.server.resumeTokens();
  await read(person);
  const heard = await background;
  assert.deepEqual([heard.content, heard.ends, heard.errors], [TEXT, 1, []]);
  const [upstream] = it.gateway.upstreams.all;
  assert.deepEqual([upstream?.mayResume(it.server.model), upstream?.mayResumeRaw(it.server.model)], [true, true]);
});

test("a server that has yet to load its model is waited for, and then goes on", async () => {
  const { it, background, person, clock } = await parked();
  await using _ = it;
  it.server.fail({ kind: "status", status: 503 }, { times: 3, which: itsNextRun });
  it.server.resumeTokens();
  await read(person);
  const heard = await passing(clock, background);
  assert.deepEqual([heard.content, heard.ends, heard.errors], [TEXT, 1, []]);
  assert.equal(it.server.served.filter(byBackground).length, 5);
});

test("a server that loads and has to render a prompt first is waited for too", async () => {
  const quirks = { thinkingTags: true };
  const { it, background, person, clock } = await parked({
    server: { engine: "llama-server", answer: { text: TEXT }, quirks },
  });
  await using _ = it;
  it.server.fail({ kind: "status", status: 503 }, { times: 3, which: ({ url }) => url === "/apply-template" });
  it.server.resumeTokens();
  await read(person);
  const heard = await passing(clock, background);
  assert.deepEqual([heard.content, heard.ends, heard.errors], [TEXT, 1, []]);
  assert.equal(it.server.served.filter(itsNextRun).length, 2);
});

test("a server that loads for longer than anybody should stand aside: the client is told, and is asked to go on another time", async () => {
  const { it, background, person, clock } = await parked({ config: { preempt: { maxParkedMs: 10_000 } } });
  await using _ = it;
  it.server.fail({ kind: "status", status: 503 }, { times: Infinity, which: itsNextRun });
  it.server.resumeTokens();
  await read(person);
  const heard = await passing(clock, background);
  assert.deepEqual([heard.ends, heard.errors.length], [0, 1]);
  const [upstream] = it.gateway.upstreams.all;
  assert.equal(upstream?.mayResume(it.server.model), true);
});

test("a server that says something else the second time: the client is told resume_failed, and never gets two answers mixed", async () => {
  let asked = 0;
  const { it, background, person } = await parked({
    server: {
      answer: {
        text: ({ input }) => {
          const own = "messages" in input && input.messages.some(({ content }) => content === "background");
          return own && ++asked > 1 ? "Something else altogether, and a good deal longer than that." : TEXT;
        },
      },
    },
  });
  await using _ = it;
  it.server.fail({ kind: "status", status: 400 }, { times: 2, which: itsNextRun });
  it.server.resumeTokens();
  await read(person);
  const heard = await background;
  assert.ok(TEXT.startsWith(heard.content));
  assert.equal((heard.errors[0] as { code: string }).code, "resume_failed");
  assert.equal(heard.ends, 0);
});

test("who has stood aside for long enough goes first, and is not asked again", async () => {
  const { it, background, person, clock } = await parked({ config: { preempt: { maxParkedMs: 60_000 } } });
  await using _ = it;
  const second = ask(it);
  await it.waiting(2);
  clock.advance(60_000);
  const [next] = it.gate.snapshot().waiters;
  assert.deepEqual([next?.parked, next?.priority], [true, 0]);
  it.server.resumeTokens();
  assert.equal(await read(person), 200);
  assert.equal(await read(second), 200);
  assert.equal((await background).content, TEXT);
  assert.equal(it.ended.find(({ parks }) => parks > 0)?.parks, 1);
});

test("a shutdown lets a parked answer come back and finish", async () => {
  const { it, background, person } = await parked();
  await using _ = it;
  const down = it.gateway.shutDown(30_000);
  it.server.resumeTokens();
  assert.equal(await read(person), 200);
  assert.equal((await background).content, TEXT);
  await down;
});

test("a tool call is never cut: the person waits until it is complete", async () => {
  const tools = [{ type: "function", function: { name: "look", parameters: { type: "object", properties: {} } } }];
  const clock = new ManualClock();
  await using it = await startGateway({
    clock,
    server: { engine: "llama-server", answer: { toolCalls: "required" } },
    config: { preempt: { enabled: true, minRunMs: 0 } },
  });
  it.server.pauseTokens();
  const asked = {
    model: it.server.model,
    stream: true,
    tools,
    tool_choice: "required",
    messages: [{ role: "user", content: "x" }],
  };
  const answer = it.post(`/background${CHAT}`, asked);
  const { id } = await it.server.when("started");
  await it.server.step(12, id);
  await it.until(() => [...it.gateway.requests.live.values()].some(({ firstTokenAt }) => firstTokenAt !== undefined));
  const person = ask(it);
  await it.waiting(1);
  assert.equal(it.gate.snapshot().holders[0]?.priority, 100);
  it.server.resumeTokens();
  await Promise.all([read(answer), read(person)]);
  assert.ok(it.ended.every(({ parks }) => parks === 0));
});

test("what begins anew does so three times at most, then it runs to its end", async () => {
  const clock = new ManualClock();
  await using it = await startGateway({
    clock,
    server: { engine: "ollama", answer: { text: TEXT } },
    config: { preempt: { enabled: true, minRunMs: 0 } },
  });
  it.server.pauseTokens();
  const answer = it.post("/background/api/chat", {
    model: it.server.model,
    stream: false,
    messages: [{ role: "user", content: "background" }],
  });
  let seen = 0;
  for (let round = 0; round < 3; round++) {
    const run = await it.server.when("started", (request) => byBackground(request) && request.id > seen);
    seen = run.id;
    const person = ask(it);
    const theirs = await it.server.when("started", ({ id, body }) => id > seen && body.includes("person"));
    seen = theirs.id;
    await it.server.step(1, theirs.id);
    await read(person);
  }
  await it.server.when("started", (request) => byBackground(request) && request.id > seen);
  const last = ask(it);
  await it.waiting(1);
  assert.equal(it.gate.snapshot().holders[0]?.priority, 100);
  it.server.resumeTokens();
  await Promise.all([read(answer), read(last)]);
  const record = it.ended.find(({ priority }) => priority === 100);
  assert.deepEqual([record?.parks, record?.restarts], [3, 3]);
});

test("a person who left before the time was right is no reason to let the next one wait", async () => {
  const clock = new ManualClock();
  await using it = await startGateway({
    clock,
    server: { engine: "llama-server", answer: { text: TEXT } },
    config: { preempt: { enabled: true, minRunMs: 500 } },
  });
  it.server.pauseTokens();
  const asked = { model: it.server.model, messages: [{ role: "user", content: "background" }] };
  const background = it.post(`/background${CHAT}`, asked);
  await it.server.when("started");
  const hasty = new AbortController();
  const first = it.post(`/foreground${CHAT}`, asked, { signal: hasty.signal }).catch(() => {});
  await it.waiting(1);
  hasty.abort();
  await first;
  await it.waiting(0);
  clock.advance(500);
  const second = ask(it);
  await it.waiting(1);
  clock.advance(0);
  assert.deepEqual(
    it.gate.snapshot().holders.map(({ priority }) => priority),
    [0],
  );
  it.server.resumeTokens();
  assert.deepEqual([await read(second), await read(background)], [200, 200]);
});

test("a run that contradicts what was said is stopped by its name, where closing the connection is noticed late", async () => {
  let asked = 0;
  const { it, background, person } = await parked({
    server: {
      engine: "sglang",
      answer: {
        text: ({ input }) => {
          const own = "messages" in input && input.messages.some(({ content }) => content === "background");
          return own && ++asked > 1 ? "Something else altogether, and a good deal longer than that." : TEXT;
        },
      },
    },
  });
  await using _ = it;
  it.server.fail({ kind: "status", status: 400 }, { which: itsNextRun });
  it.server.resumeTokens();
  await read(person);
  assert.equal(((await background).errors[0] as { code: string }).code, "resume_failed");
  const stops = ({ url }: ServedRequest): boolean => url === "/abort_request";
  const first = await it.server.when("ended", stops);
  await it.server.when("ended", (request) => stops(request) && request.id > first.id);
  const names = it.server.served.filter(stops).map(({ body }) => body.toString());
  assert.equal(new Set(names).size, 2);
});

test("a run that may not begin anew any more steps aside as soon as it can go on", async () => {
  const { it, background, person, clock } = await parked({ after: 0, config: { preempt: { maxRestarts: 1 } } });
  await using _ = it;
  const answer = async (asked: Promise<Response>, seen: number): Promise<number> => {
    const { id } = await it.server.when("started", (run) => run.id > seen && run.body.includes("person"));
    await it.server.step(1, id);
    await read(asked);
    return id;
  };
  const first = await answer(person, 0);
  const again = await it.server.when("started", (run) => run.id > first && byBackground(run));
  const second = ask(it);
  await it.waiting(1);
  assert.equal(it.gate.snapshot().holders[0]?.priority, 100);
  await it.server.step(5, again.id);
  await it.until(() => [...it.gateway.requests.live.values()].some(({ firstTokenAt }) => firstTokenAt !== undefined));
  clock.advance(50);
  await answer(second, again.id);
  it.server.resumeTokens();
  assert.equal((await background).content, TEXT);
  const record = it.ended.find(({ priority }) => priority === 100);
  assert.deepEqual([record?.parks, record?.restarts], [2, 1]);
});

test("an answer that has almost filled the context runs to its end, and no prompt is sent that would not fit", async () => {
  const server: ModelServerOptions = { engine: "llama-server", answer: { text: TEXT }, contextTokens: 60 };
  for (let cut = 20; cut < 50; cut += 3) {
    await using it = await startGateway({ server, config: { preempt: { enabled: true, minRunMs: 0 } } });
    const body = { model: it.server.model, stream: true, messages: [{ role: "user", content: "background" }] };
    const whole = await hear(await fetch(it.server.url + CHAT, { method: "POST", body: JSON.stringify(body) }));
    assert.deepEqual(await interruptedAt(it, body, { cuts: [cut] }), whole);
    assert.deepEqual(
      it.server.served.filter(({ isWork, status }) => isWork && status !== 200),
      [],
    );
  }
});
