import assert from "node:assert/strict";
import { test } from "node:test";
import { startGateway, type GatewayUnderTest, type Json } from "../support/gateway.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { asked, CHAT, chat } from "./talk.ts";

/** A gateway before a server of several slots, on a clock of the test's own. */
async function scene(queue: Json, slots = 2): Promise<{ it: GatewayUnderTest; clock: ManualClock }> {
  const clock = new ManualClock();
  const it = await startGateway({ clock, server: { engine: "llama-server", slots }, config: { queue } });
  assert.equal(it.gate.capacity, slots);
  it.server.pauseTokens();
  return { it, clock };
}

function background(it: GatewayUnderTest, text: string): Promise<Response> {
  return it.post(CHAT, chat(text));
}

function person(it: GatewayUnderTest, text: string): Promise<Response> {
  return it.post(`/foreground${CHAT}`, chat(text));
}

/** Resolves once the server works on the request of that text. */
async function started(it: GatewayUnderTest, text: string): Promise<number> {
  const { id } = await it.server.when("started", ({ isWork, body }) => isWork && asked(body) === text);
  return id;
}

/** Lets one request come to its end. */
async function finish(it: GatewayUnderTest, text: string): Promise<void> {
  const id = await started(it, text);
  await it.server.step(10, id);
  await it.server.when("ended", id);
}

async function allRead(it: GatewayUnderTest, answers: readonly Promise<Response>[]): Promise<void> {
  it.server.resumeTokens();
  for (const answer of answers) assert.equal((await answer).status, 200, await (await answer).text());
}

test("pause: background waits beside a running person though a slot is free, and starts when the person is done", async () => {
  const { it } = await scene({ beside: "pause" });
  await using _ = it;
  const answers = [person(it, "person")];
  await started(it, "person");
  answers.push(background(it, "background"));
  await it.waiting(1);
  assert.equal(it.gate.held, 1);
  // Another person is no background.
  answers.push(person(it, "second"));
  await started(it, "second");
  await finish(it, "person");
  assert.equal(it.gate.waiting, 1);
  await finish(it, "second");
  await started(it, "background");
  await allRead(it, answers);
});

test("pause: background that runs already is not touched when a person comes", async () => {
  const { it } = await scene({ beside: "pause" });
  await using _ = it;
  const answers = [background(it, "one")];
  await started(it, "one");
  answers.push(person(it, "person"));
  await started(it, "person");
  assert.equal(it.gate.held, 2);
  answers.push(background(it, "two"));
  await it.waiting(1);
  await finish(it, "one");
  assert.equal(it.gate.waiting, 1);
  await finish(it, "person");
  await started(it, "two");
  await allRead(it, answers);
});

test("share: background takes the slot that a person leaves free", async () => {
  const { it } = await scene({ beside: "share" });
  await using _ = it;
  const answers = [person(it, "person"), background(it, "background")];
  await Promise.all([started(it, "person"), started(it, "background")]);
  assert.equal(it.gate.held, 2);
  await allRead(it, answers);
});

test("reserved: background never takes the last slot, a person finds it free at once", async () => {
  const { it } = await scene({ beside: "share", reserved: 1 }, 3);
  await using _ = it;
  const answers = [background(it, "one"), background(it, "two"), background(it, "three")];
  await it.waiting(1);
  assert.equal(it.gate.held, 2);
  answers.push(person(it, "person"));
  await started(it, "person");
  assert.deepEqual([it.gate.held, it.gate.waiting], [3, 1]);
  await allRead(it, answers);
});

test("idle grace: the slots are kept for the person's next turn, for as long as configured", async () => {
  const { it, clock } = await scene({ idleGraceMs: 5_000 }, 1);
  await using _ = it;
  const answers = [person(it, "first turn")];
  await started(it, "first turn");
  answers.push(background(it, "background"));
  await it.waiting(1);
  await finish(it, "first turn");
  await (await answers[0]!).text();
  await it.until(() => it.gate.held === 0);
  clock.advance(4_999);
  assert.deepEqual([it.gate.held, it.gate.waiting], [0, 1]);
  answers[0] = person(it, "second turn");
  await finish(it, "second turn");
  await it.until(() => it.gate.held === 0);
  clock.advance(4_999);
  assert.equal(it.gate.waiting, 1);
  clock.advance(1);
  await started(it, "background");
  await allRead(it, answers);
});

test("idle grace: background that has waited too long ends it", async () => {
  const { it, clock } = await scene({ idleGraceMs: 5_000, idleGraceGuardMs: 60_000 }, 1);
  await using _ = it;
  const answers = [person(it, "person")];
  await started(it, "person");
  answers.push(background(it, "hungry"));
  await it.waiting(1);
  clock.advance(60_000);
  await finish(it, "person");
  await started(it, "hungry");
  await allRead(it, answers);
});

test("aging: background that came long enough before a person goes first", async () => {
  const { it, clock } = await scene({ agingMs: 10_000 }, 1);
  await using _ = it;
  const answers = [background(it, "running")];
  await started(it, "running");
  answers.push(background(it, "old"));
  await it.waiting(1);
  clock.advance(10_001);
  answers.push(person(it, "person"), background(it, "young"));
  await it.waiting(3);
  for (const text of ["running", "old", "person", "young"]) await finish(it, text);
  await allRead(it, answers);
});

test("a configured capacity counts, whatever the server tells", async () => {
  await using it = await startGateway({ server: { engine: "llama-server", slots: 4 }, upstream: { capacity: 2 } });
  assert.equal(it.gate.capacity, 2);
  it.server.pauseTokens();
  const answers = Array.from({ length: 5 }, (_, n) => background(it, `${n}`));
  await it.waiting(3);
  assert.equal(it.gate.held, 2);
  await allRead(it, answers);
  assert.equal(it.server.maxLive, 2);
});

test("two servers on this machine share one gate, whose capacity is the smaller one", async () => {
  await using other = await startGateway({ server: { engine: "llama-server", slots: 3, models: ["b"] } });
  await using it = await startGateway({ server: { engine: "llama-server", slots: 1, models: ["a"] } });
  await it.gateway.addUpstream({ url: other.server.url, models: { alias: { nick: "b" } } });
  assert.equal(it.gate.capacity, 1);
  it.server.pauseTokens();
  const answers = [it.post(CHAT, chat("for a", { model: "a" }))];
  await started(it, "for a");
  answers.push(it.post(CHAT, chat("for b", { model: "nick" })));
  await it.waiting(1);
  await allRead(it, answers);
  assert.equal((JSON.parse(other.server.served.at(-1)!.body.toString()) as { model: string }).model, "b");
  const unknown = await it.post(CHAT, chat("x", { model: "c" }));
  assert.equal(unknown.status, 404);
  assert.match(await unknown.text(), /there are: a, nick, b/);
  assert.equal(it.ended.at(-1)!.model, "c");
});
