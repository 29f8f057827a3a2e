import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { refusal } from "../e2e/talk.ts";
import { startGateway } from "../support/gateway.ts";
import { openRecord } from "../../src/gateway/request-record.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { ALICE, BOB, CHAT, KEYS, Scene } from "./control-scene.ts";
import { LiveReader } from "./live-reader.ts";

const COALESCE_MS = 250;

describe("GET /headgate/events", () => {
  test("begins with a snapshot of everything that is there", async () => {
    const clock = new ManualClock();
    await using scene = await Scene.begin({ clock, server: { engine: "llama-server" } });
    await scene.run();
    await scene.wait();
    await using live = await LiveReader.open(scene.it.url);
    const [first] = live.seen;
    assert.equal(first!.event, "snapshot");
    assert.deepEqual(
      [...live.requests.values()].map(({ state }) => state),
      ["running", "waiting"],
    );
    assert.partialDeepStrictEqual([...live.gates.values()], [{ name: "local", held: 1, waiting: 1 }]);
    assert.partialDeepStrictEqual([...live.upstreams.values()], [{ engine: "llama-server", health: "ready" }]);
  });

  test("whoever takes snapshot, upserts and removals in order knows at the end what the status says", async () => {
    const clock = new ManualClock();
    await using scene = await Scene.begin({ clock });
    await using live = await LiveReader.open(scene.it.url);
    await scene.run();
    await scene.wait();
    await scene.wait("/foreground/v1/chat/completions");
    clock.advance(COALESCE_MS);
    await live.until(() => live.gates.get("local")!.waiting === 2);
    const { gates, requests } = await scene.status();
    assert.deepEqual([...live.gates.values()], gates);
    assert.deepEqual(new Set(live.requests.keys()), new Set(requests.map(({ id }) => id)));
    for (const { id, state, priority } of requests)
      assert.partialDeepStrictEqual(live.requests.get(id), { state, priority });
    assert.deepEqual(
      gates[0]!.line,
      requests.slice(1).map(({ id }) => id),
    );

    await scene.finish();
    clock.advance(COALESCE_MS);
    await live.until(() => live.requests.size === 0);
    await live.until(() => live.gates.get("local")!.held === 0);
  });

  test("what happens within 250 ms is told at once and only as it ended", async () => {
    const clock = new ManualClock();
    await using scene = await Scene.begin({ clock });
    await using live = await LiveReader.open(scene.it.url);
    for (let i = 0; i < 5; i++) {
      scene.it.server.pauseTokens();
      await scene.run();
      await scene.finish();
    }
    await scene.it.over(5);
    scene.it.server.pauseTokens();
    await scene.run();
    clock.advance(COALESCE_MS);
    await live.until(() => live.requests.size === 1);
    // One event for the request that is there, one for the gate: of those that came and went nothing is left to say.
    assert.deepEqual(
      live.seen.map(({ event }) => event),
      ["snapshot", "upsert", "upsert"],
    );
  });

  test("a pause is told though no request brought it about", async () => {
    const clock = new ManualClock();
    await using scene = await Scene.begin({ clock });
    await using live = await LiveReader.open(scene.it.url);
    await scene.it.post("/headgate/pause", {});
    clock.advance(COALESCE_MS);
    await live.until(() => live.gates.get("local")!.state === "paused");
  });

  test("a model server that goes down is told, and one that is removed is gone", async () => {
    const clock = new ManualClock();
    await using it = await startGateway({ clock });
    await using live = await LiveReader.open(it.url);
    const [upstream] = it.gateway.upstreams.all;
    upstream!.unreachable();
    clock.advance(2_000);
    await live.until(() => live.upstreams.get(upstream!.name)!.health === "down");
    await it.gateway.upstreams.remove(upstream!);
    clock.advance(2_000);
    await live.until(() => live.upstreams.size === 0);
  });

  test("says something every 15 s, so that proxies and browsers keep the connection", async () => {
    const clock = new ManualClock();
    await using it = await startGateway({ server: null, clock });
    await using live = await LiveReader.open(it.url);
    clock.advance(15_000);
    await live.until(() => live.heartbeats === 1);
  });

  test("tells a user of others only that they are there", async () => {
    const clock = new ManualClock();
    await using scene = await Scene.begin({ clock, config: KEYS });
    await using bobs = await LiveReader.open(scene.it.url, BOB);
    await using alices = await LiveReader.open(scene.it.url, ALICE);
    await scene.run(CHAT, ALICE);
    clock.advance(COALESCE_MS);
    for (const live of [bobs, alices]) await live.until(() => live.requests.size === 1);
    assert.partialDeepStrictEqual([...alices.requests.values()], [{ client: "alice", model: "small" }]);
    assert.deepEqual(Object.keys([...bobs.requests.values()][0]!), [
      "id",
      "kind",
      "state",
      "gate",
      "priority",
      "arrivedAt",
      "grantedAt",
      "phases",
    ]);
  });

  test("shows the first thousand requests and tells how many there are besides", async () => {
    const clock = new ManualClock();
    await using it = await startGateway({ server: null, clock });
    const { requests } = it.gateway;
    for (let i = 0; i < 1_005; i++) requests.open(openRecord("POST", CHAT, 0));
    await using live = await LiveReader.open(it.url);
    const [first] = live.seen;
    assert.ok(first!.event === "snapshot");
    assert.deepEqual([first!.data.requests.length, first!.data.omitted], [1_000, 5]);
    // More news at once than is kept for a client: it is told as a snapshot.
    for (const record of requests.live.values()) requests.close(record);
    clock.advance(COALESCE_MS);
    await live.until(() => live.requests.size === 0);
    assert.deepEqual(
      live.seen.map(({ event }) => event),
      ["snapshot", "snapshot"],
    );
  });

  test("turns away the hundred-and-first reader, and takes him when another has left", async () => {
    await using it = await startGateway({ server: null });
    const readers = await Promise.all(Array.from({ length: 100 }, () => LiveReader.open(it.url)));
    const { status, code } = await refusal(await it.get("/headgate/events"));
    assert.deepEqual({ status, code }, { status: 429, code: "too_many_streams" });
    await readers.pop()![Symbol.asyncDispose]();
    let answer = await it.get("/headgate/events");
    while (answer.status === 429) {
      await answer.text();
      answer = await it.get("/headgate/events");
    }
    await answer.body!.cancel();
    for (const reader of readers) await reader[Symbol.asyncDispose]();
  });

  test("needs a valid key where there are keys", async () => {
    await using it = await startGateway({ server: null, config: KEYS });
    assert.equal((await refusal(await it.get("/headgate/events"))).status, 401);
  });

  test("ends properly, with the last news, when the gateway shuts down", async () => {
    await using it = await startGateway();
    await using live = await LiveReader.open(it.url);
    await it.gateway.shutDown(0);
    await live.toEnd();
    assert.equal(live.gates.get("local")!.state, "closed");
  });

  test("leaves no timer and no listener behind when the last reader is gone", async () => {
    const clock = new ManualClock();
    await using it = await startGateway({ clock });
    const before = clock.pending.all;
    const live = await LiveReader.open(it.url);
    assert.ok(clock.pending.all > before);
    await live[Symbol.asyncDispose]();
    while (clock.pending.all > before) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(clock.pending.all, before);
  });
});
