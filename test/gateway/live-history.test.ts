import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndedView, LongStatus } from "../../src/gateway/control/long-status.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { startGateway } from "../support/gateway.ts";
import { ADMIN, ALICE, BOB, CHAT, KEYS, Scene } from "./control-scene.ts";
import { LiveReader } from "./live-reader.ts";

const COALESCE_MS = 250;
const WITH_HISTORY = "?history";

/** What a reader was told of requests that are over, in a snapshot or since. */
function endedIn(live: LiveReader): readonly EndedView[] {
  return live.seen.flatMap(({ event, data }) => {
    if (event === "snapshot") return (data as LongStatus).ended;
    const { ended } = data as { readonly ended?: EndedView };
    return ended === undefined ? [] : [ended];
  });
}

test("whoever asks for the history is told who he is, what ended and how the gate was used", async () => {
  const clock = new ManualClock();
  await using scene = await Scene.begin({ clock });
  await scene.run();
  clock.advance(5_000);
  await scene.finish();
  await scene.it.over(1);
  await using live = await LiveReader.open(scene.it.url, {}, WITH_HISTORY);
  const status = live.seen[0]!.data as LongStatus;
  assert.deepEqual(status.caller, { client: "local", role: "admin" });
  assert.equal(status.foregroundUpTo, 0);
  assert.partialDeepStrictEqual(status.usage, [{ gate: "local", background: [1], foreground: [0], capacity: [1] }]);
  assert.equal(status.times[0]!.background.wait[0], 1);
  const [ended] = status.ended;
  assert.partialDeepStrictEqual(ended, { outcome: "finished", status: 200, model: "small", gate: "local" });
  assert.equal(ended!.endedAt - ended!.arrivedAt, 5_000);
  assert.deepEqual(
    ended!.phases!.map(([phase]) => phase),
    ["sent"],
  );
});

test("what ends while somebody watches is told once, with where it had been", async () => {
  const clock = new ManualClock();
  await using scene = await Scene.begin({ clock });
  await using live = await LiveReader.open(scene.it.url, {}, WITH_HISTORY);
  await scene.run();
  await scene.wait();
  clock.advance(COALESCE_MS);
  await live.until(() => live.gates.get("local")!.waiting === 1);
  await scene.finish();
  await scene.it.over(2);
  for (let times = 0; times < 3; times++) clock.advance(COALESCE_MS);
  await live.until(() => endedIn(live).length === 2);
  clock.advance(2_000);
  await scene.it.post("/headgate/pause", {});
  clock.advance(COALESCE_MS);
  await live.until(() => live.gates.get("local")!.state === "paused");
  const ended = endedIn(live);
  assert.deepEqual(
    ended.map(({ phases }) => phases!.map(([phase]) => phase)),
    [["sent"], ["waiting", "sent"]],
  );
});

test("without asking, there is no word of it", async () => {
  const clock = new ManualClock();
  await using scene = await Scene.begin({ clock });
  await using live = await LiveReader.open(scene.it.url);
  await scene.run();
  await scene.finish();
  await scene.it.over(1);
  clock.advance(2_000);
  await scene.it.post("/headgate/pause", {});
  clock.advance(COALESCE_MS);
  await live.until(() => live.gates.get("local")!.state === "paused");
  const known = new Set(["request", "gate", "upstream", "gateway"]);
  const told = live.seen.filter(({ event }) => event === "upsert").flatMap(({ data }) => Object.keys(data));
  assert.deepEqual(
    told.filter((name) => !known.has(name)),
    [],
  );
  assert.ok(!("ended" in live.seen[0]!.data));
});

test("a user learns of others' ended requests only that they were there, and an admin everything", async () => {
  const clock = new ManualClock();
  await using scene = await Scene.begin({ clock, config: KEYS });
  await scene.run(CHAT, ALICE);
  await scene.finish();
  await scene.it.over(1);
  const [admins, alices, bobs] = await Promise.all(
    [ADMIN, ALICE, BOB].map((headers) => LiveReader.open(scene.it.url, headers, WITH_HISTORY)),
  );
  for (const live of [admins!, alices!])
    assert.partialDeepStrictEqual(endedIn(live), [{ client: "alice", model: "small" }]);
  const [bobsView] = endedIn(bobs!);
  assert.deepEqual([bobsView!.client, bobsView!.model, bobsView!.outcome], [undefined, undefined, "finished"]);
  for (const live of [admins!, alices!, bobs!]) await live[Symbol.asyncDispose]();
});

test("a request that stepped aside says when, and when it went on", async () => {
  await using it = await startGateway({
    server: { engine: "llama-server", answer: { tokens: 30 }, timing: { decodeMsPerToken: 3 } },
    config: { preempt: { enabled: true, minRunMs: 0 } },
  });
  const ask = async (path: string): Promise<void> => {
    const answer = await it.post(path + CHAT, {
      model: "small",
      stream: true,
      messages: [{ role: "user", content: "x" }],
    });
    await answer.text();
  };
  const background = ask("/background");
  await it.until(() => [...it.gateway.requests.live.values()].some(({ firstTokenAt }) => firstTokenAt !== undefined));
  await ask("/foreground");
  await background;
  await using live = await LiveReader.open(it.url, {}, WITH_HISTORY);
  const [, parked] = endedIn(live);
  assert.deepEqual(
    parked!.phases!.map(([phase]) => phase),
    ["sent", "answering", "parked", "answering"],
  );
  const times = parked!.phases!.map(([, at]) => at);
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );
});
