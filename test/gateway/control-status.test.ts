import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import type { Explanation } from "../../src/gateway/control/explanation-view.ts";
import { refusal } from "../e2e/talk.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { ADMIN, ALICE, BOB, KEYS, Scene, waitingOf } from "./control-scene.ts";

describe("GET /headgate/status", () => {
  it("names every server and gate, and every request, those that run and then those that wait, the next first", async () => {
    const clock = new ManualClock();
    await using scene = await Scene.begin({ clock, server: { engine: "llama-server", models: ["small"] } });
    await scene.run("/background/v1/chat/completions");
    clock.advance(1_000);
    await scene.wait("/background/v1/chat/completions");
    clock.advance(500);
    await scene.wait("/foreground/v1/chat/completions");
    clock.advance(250);

    const { upstreams, gates, requests, state } = await scene.status();
    assert.equal(state, "open");
    assert.partialDeepStrictEqual(upstreams, [
      {
        engine: "llama-server",
        url: scene.it.server.url,
        health: "ready",
        capacity: 1,
        capacitySource: "/props total_slots",
        models: ["small"],
        gate: "local",
      },
    ]);
    assert.partialDeepStrictEqual(gates, [
      { name: "local", state: "open", capacity: 1, held: 1, waiting: 2, reserved: 0, meanHoldMs: null },
    ]);
    assert.deepEqual(
      gates[0]!.line,
      requests.slice(1).map(({ id }) => id),
    );
    assert.partialDeepStrictEqual(requests, [
      { state: "running", priority: 100, waitedMs: 0, heldMs: 1_750, ageMs: 1_750, client: "local", model: "small" },
      { state: "waiting", priority: 0, position: 1, waitedMs: 250, gate: "local", path: "/v1/chat/completions" },
      { state: "waiting", priority: 100, position: 2, waitedMs: 750, prioritySource: "path" },
    ]);
  });

  it("tells how long the wait will be once a permit came back", async () => {
    const clock = new ManualClock();
    await using scene = await Scene.begin({ clock });
    await scene.run();
    clock.advance(2_000);
    await scene.finish();
    scene.it.server.pauseTokens();
    await scene.run();
    await scene.wait();
    await scene.wait();
    const status = await scene.status();
    assert.equal(status.gates[0]!.meanHoldMs, 2_000);
    assert.deepEqual(
      waitingOf(status).map(({ etaMs }) => etaMs),
      [2_000, 4_000],
    );
  });

  it("tells a user everything of his own requests, and of others only that they are there", async () => {
    await using scene = await Scene.begin({ config: KEYS });
    await scene.run("/v1/chat/completions", ALICE);
    await scene.wait("/v1/chat/completions", BOB);
    const [alices, bobs] = (await scene.status(ALICE)).requests;
    assert.partialDeepStrictEqual(alices, { client: "alice", model: "small" });
    assert.partialDeepStrictEqual(bobs, { state: "waiting", position: 1, priority: 100 });
    for (const secret of ["client", "label", "model", "path", "upstream"]) assert.ok(!(secret in bobs!), secret);
    const clients = (await scene.status(ADMIN)).requests.map(({ client }) => client);
    assert.deepEqual(clients, ["alice", "bob"]);
  });

  it("needs a valid key where there are keys", async () => {
    await using scene = await Scene.begin({ config: KEYS });
    const { status, code } = await refusal(await scene.it.get("/headgate/status"));
    assert.deepEqual({ status, code }, { status: 401, code: "invalid_api_key" });
  });

  it("shows a permit that is held over HTTP with its label, and never the id that lets others ride on it", async () => {
    await using scene = await Scene.begin();
    const hangUp = new AbortController();
    const { signal } = hangUp;
    await scene.it.post("/headgate/permits", { label: "nightly", priority: "background" }, { signal });
    const status = await scene.status();
    assert.partialDeepStrictEqual(status.requests, [{ kind: "permit", state: "running", label: "nightly" }]);
    assert.doesNotMatch(JSON.stringify(status), /permit_/);
    hangUp.abort();
    await scene.it.until(() => scene.it.gate.held === 0);
  });
});

test("a permit whose label is the id of a request does not pass for that request", async () => {
  await using scene = await Scene.begin();
  await scene.run();
  const [running] = (await scene.status()).requests;
  const hangUp = new AbortController();
  await scene.it.post("/headgate/permits", { label: running!.id }, { signal: hangUp.signal });
  const { requests } = await scene.status();
  hangUp.abort();
  await scene.it.waiting(0);
  assert.partialDeepStrictEqual(requests, [
    { id: running!.id, kind: "request", state: "running" },
    { kind: "permit", state: "waiting", position: 1, label: running!.id },
  ]);
});

describe("GET /headgate/requests/{id}", () => {
  async function ask(scene: Scene, id: string, headers: Record<string, string> = {}): Promise<Explanation> {
    return (await (await scene.it.get(`/headgate/requests/${id}`, headers)).json()) as Explanation;
  }

  it("says what a request met and who was let in before it, while it waits and after its end", async () => {
    await using scene = await Scene.begin();
    await scene.run("/background/v1/chat/completions");
    await scene.wait("/background/v1/chat/completions");
    await scene.wait("/background/v1/chat/completions");
    await scene.wait("/foreground/v1/chat/completions");
    const { requests } = await scene.status();
    const [running, foreground, , last] = requests;
    assert.partialDeepStrictEqual(await ask(scene, last!.id), {
      state: "waiting",
      met: { gate: "local", state: "open", capacity: 1, ahead: 1, running: [{ id: running!.id }] },
      meanwhile: { foreground: 0, background: 0 },
    });
    assert.partialDeepStrictEqual(await ask(scene, foreground!.id), { met: { ahead: 0 } });

    await scene.finish();
    const over = await ask(scene, last!.id);
    assert.partialDeepStrictEqual(over, {
      state: "over",
      outcome: "finished",
      status: 200,
      meanwhile: { foreground: 1, background: 1 },
    });
    assert.match(over.why, /1 request ran .* 1 was in front of it .* 1 foreground and 1 background/);
    assert.match((await ask(scene, running!.id)).why, /did not wait/);
  });

  it("keeps the requests of others to an admin, and of one's own the names of those who ran", async () => {
    await using scene = await Scene.begin({ config: KEYS });
    await scene.run("/v1/chat/completions", ALICE);
    await scene.wait("/v1/chat/completions", BOB);
    const [alices, bobs] = (await scene.status(ADMIN)).requests;
    assert.equal((await scene.it.get(`/headgate/requests/${alices!.id}`, BOB)).status, 404);
    const { met } = await ask(scene, bobs!.id, BOB);
    assert.equal(met!.running.length, 1);
    assert.ok(!("client" in met!.running[0]!));
    assert.equal((await ask(scene, bobs!.id, ADMIN)).met!.running[0]!.client, "alice");
  });
});
