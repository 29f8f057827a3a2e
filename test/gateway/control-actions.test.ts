import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { refusal } from "../e2e/talk.ts";
import { startGateway, type GatewayUnderTest, type Json } from "../support/gateway.ts";
import { ADMIN, ALICE, BOB, CHAT, KEYS, Scene, waitingOf } from "./control-scene.ts";

const BACKGROUND = `/background${CHAT}`;
const FOREGROUND = `/foreground${CHAT}`;

/** An action without a body, as `curl -X POST` sends it. */
function act(it: GatewayUnderTest, path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(it.url + path, { method: "POST", headers });
}

describe("POST /headgate/pause and /headgate/unpause", () => {
  test("a paused gate lets who runs go on and queues who comes, until it is unpaused", async () => {
    await using scene = await Scene.begin();
    await scene.run();
    const paused = await act(scene.it, "/headgate/pause");
    assert.equal(paused.status, 200);
    assert.partialDeepStrictEqual(await paused.json(), {
      gates: [{ name: "local", state: "paused", held: 1, waiting: 0 }],
    });
    await scene.wait();
    scene.it.server.resumeTokens();
    await scene.it.over(1);
    assert.deepEqual([scene.it.gate.held, scene.it.gate.waiting], [0, 1]);
    const [waiting] = waitingOf(await scene.status());
    assert.equal((await scene.status()).gates[0]!.state, "paused");
    const open = await act(scene.it, "/headgate/unpause?gate=local");
    assert.partialDeepStrictEqual(await open.json(), { gates: [{ state: "open" }] });
    assert.deepEqual(await scene.finish(), [200, 200]);
    const explained = (await (await scene.it.get(`/headgate/requests/${waiting!.id}`)).json()) as { why: string };
    assert.match(explained.why, /gate local was paused/);
  });

  test("a gateway whose gates are all stopped is live and not ready, and says why", async () => {
    await using it = await startGateway();
    const health = async (): Promise<unknown> => (await it.get("/health?ready")).json();
    assert.partialDeepStrictEqual(await health(), { ready: true });
    for (const [action, reason] of [
      ["pause", "paused"],
      ["drain", "closed"],
    ] as const) {
      await act(it, `/headgate/${action}`);
      assert.equal((await it.get("/health?ready")).status, 503);
      assert.partialDeepStrictEqual(await health(), { status: "live", ready: false, reason });
      assert.equal((await it.get("/health")).status, 200);
    }
  });

  test("a gate or server that does not exist is a 404 that lists those that do", async () => {
    await using it = await startGateway({ upstream: { name: "mac" } });
    for (const query of ["?gate=gpu", "?upstream=gpu"]) {
      const { status, message } = await refusal(await act(it, `/headgate/pause${query}`));
      assert.equal(status, 404);
      assert.match(message, /"gpu".*mac, local/);
    }
    assert.equal((await act(it, "/headgate/pause?upstream=mac")).status, 200);
    assert.equal(it.gate.state, "paused");
    await act(it, "/headgate/unpause");
  });

  test("without any gate there is nothing to pause, and the answer says what to do", async () => {
    await using it = await startGateway({ server: null });
    const { status, message } = await refusal(await act(it, "/headgate/pause"));
    assert.equal(status, 409);
    assert.match(message, /--upstream/);
  });
});

describe("POST /headgate/drain", () => {
  test("serves who is here, answers 503 to who comes, and cannot be undone", async () => {
    await using scene = await Scene.begin();
    await scene.run();
    await scene.wait();
    const answer = await act(scene.it, "/headgate/drain");
    assert.equal(answer.status, 202);
    assert.partialDeepStrictEqual(await answer.json(), { gates: [{ state: "draining", held: 1, waiting: 1 }] });
    assert.equal((await refusal(await scene.send(CHAT, {}).then((late) => late.clone()))).code, "draining");
    assert.deepEqual(await scene.finish(), [200, 200, 503]);
    const { status, message } = await refusal(await act(scene.it, "/headgate/unpause"));
    assert.equal(status, 409);
    assert.match(message, /gate local is closed.*started again/);
  });
});

describe("/headgate/capacity", () => {
  const resize = (it: GatewayUnderTest, body: Json, method = "POST"): Promise<Response> =>
    it.post("/headgate/capacity", body, { method });

  test("a capacity set by hand counts until null gives the server its say again", async () => {
    await using scene = await Scene.begin({ server: { engine: "llama-server", slots: 2 } });
    assert.equal(scene.it.gate.capacity, 2);
    for (const method of ["POST", "PUT"]) {
      const answer = await resize(scene.it, { capacity: 1 }, method);
      assert.partialDeepStrictEqual(await answer.json(), { gates: [{ capacity: 1, overridden: true }] });
    }
    scene.it.gateway.gates.resize(scene.it.gateway.upstreams.all);
    assert.equal(scene.it.gate.capacity, 1);
    const answer = await resize(scene.it, { gate: "local", capacity: null });
    assert.partialDeepStrictEqual(await answer.json(), { gates: [{ capacity: 2, overridden: false }] });
  });

  test("more capacity lets waiters in at once, and less interrupts nobody", async () => {
    await using scene = await Scene.begin({ server: { slots: 2 } });
    await scene.run();
    await scene.wait();
    await resize(scene.it, { capacity: 2 });
    await scene.it.until(() => scene.it.gate.held === 2);
    const { message } = (await (await resize(scene.it, { capacity: 1 })).json()) as { message: string };
    assert.match(message, /2 run now and are not interrupted/);
    assert.deepEqual(await scene.finish(), [200, 200]);
  });

  test("more capacity than the server has slots is taken, and the answer says what that means", async () => {
    await using it = await startGateway({ server: { engine: "llama-server" }, upstream: { name: "mac" } });
    const { message } = (await (await resize(it, { capacity: 4 })).json()) as { message: string };
    assert.match(message, /capacity 4: but mac has 1 \(\/props total_slots\)/);
  });

  test("a body that will not do is a 400 with the field, the value and what it takes, and changes nothing", async () => {
    await using it = await startGateway();
    for (const [body, words] of [
      [{ capacity: "2" }, /capacity must be a whole number .*; got "2"/],
      [{ capacity: -1 }, /capacity must be .*; got -1/],
      [{ capacity: 1.5 }, /capacity must be .*; got 1.5/],
      [{}, /capacity must be .* null/],
      [{ capacity: 1, gpu: 1 }, /unknown field gpu/],
    ] as const) {
      const { status, code, message } = await refusal(await resize(it, body));
      assert.deepEqual({ status, code }, { status: 400, code: "invalid_request" });
      assert.match(message, words);
    }
    assert.equal(it.gate.capacity, 1);
  });

  test("with several gates it says which there are", async () => {
    await using it = await startGateway();
    await it.gateway.addUpstream({ name: "far", url: it.server.url, gate: "far", models: { alias: {} } });
    const { code, message } = await refusal(await resize(it, { capacity: 1 }));
    assert.equal(code, "gate_required");
    assert.match(message, /local, far/);
  });
});

describe("/headgate/waiters/{id}", () => {
  test("a cancelled waiter is answered 503 and nobody else notices", async () => {
    await using scene = await Scene.begin();
    await scene.run();
    await scene.wait();
    await scene.wait();
    const [first] = waitingOf(await scene.status());
    const answer = await act(scene.it, `/headgate/waiters/${first!.id}/cancel`);
    assert.partialDeepStrictEqual(await answer.json(), { id: first!.id, state: "cancelled" });
    assert.deepEqual(await scene.finish(), [200, 503, 200]);
    assert.deepEqual(scene.it.outcomes, ["cancelled", "finished", "finished"]);
  });

  test("a waiter of another priority stands where it would have stood with it from the start", async () => {
    await using scene = await Scene.begin();
    await scene.run(BACKGROUND);
    await scene.wait(FOREGROUND);
    await scene.wait(BACKGROUND);
    await scene.wait(BACKGROUND);
    const [, , last] = waitingOf(await scene.status());
    const answer = await scene.it.post(`/headgate/waiters/${last!.id}/priority`, { priority: "foreground" });
    assert.partialDeepStrictEqual(await answer.json(), { priority: 0, position: 2, state: "waiting" });
    const [, second] = waitingOf(await scene.status());
    assert.partialDeepStrictEqual(second, { id: last!.id, priority: 0, prioritySource: "operator" });
    const bad = await refusal(await scene.it.post(`/headgate/waiters/${last!.id}/priority`, { priority: "soon" }));
    assert.match(bad.message, /priority must be "foreground".*got "soon"/);
  });

  test("one that runs is a 409, one that is not there a 404", async () => {
    await using scene = await Scene.begin();
    await scene.run();
    const [running] = (await scene.status()).requests;
    for (const action of ["cancel", "priority"]) {
      const of = (id: string): Promise<Response> =>
        scene.it.post(`/headgate/waiters/${id}/${action}`, action === "cancel" ? {} : { priority: 0 });
      assert.equal((await refusal(await of(running!.id))).status, 409, action);
      assert.equal((await refusal(await of("req_1"))).status, 404, action);
    }
  });

  test("a priority that a gate with aging cannot order is a 400", async () => {
    await using scene = await Scene.begin({ config: { queue: { agingMs: 1000 } } });
    await scene.run();
    await scene.wait();
    const [waiter] = waitingOf(await scene.status());
    const { status } = await refusal(
      await scene.it.post(`/headgate/waiters/${waiter!.id}/priority`, { priority: 1e9 }),
    );
    assert.equal(status, 400);
  });
});

describe("who may act", () => {
  const ACTIONS = ["/headgate/pause", "/headgate/unpause", "/headgate/drain", "/headgate/waiters/req_1/cancel"];

  test("where there are keys only an admin's acts: none is a 401, a user's a 403 that says what is needed", async () => {
    await using it = await startGateway({ config: KEYS });
    for (const path of ACTIONS) {
      assert.equal((await refusal(await act(it, path))).status, 401, path);
      for (const user of [ALICE, BOB]) {
        const { status, code, message } = await refusal(await act(it, path, user));
        assert.deepEqual({ status, code }, { status: 403, code: "admin_required" }, path);
        assert.match(message, /role: admin/);
      }
    }
    assert.equal(it.gate.state, "open");
    assert.equal((await act(it, "/headgate/pause", ADMIN)).status, 200);
  });

  test("a web page cannot act: not of another origin, not without one, not by a form", async () => {
    await using it = await startGateway();
    const form = "application/x-www-form-urlencoded";
    for (const [headers, status] of [
      [{ origin: "https://evil.example" }, 403],
      [{ origin: "null" }, 403],
      [{ "content-type": form }, 415],
      [{ "content-type": "text/plain" }, 415],
    ] as const) {
      assert.equal((await refusal(await act(it, "/headgate/pause", headers))).status, status, JSON.stringify(headers));
    }
    assert.equal(it.gate.state, "open");
  });

  test("a body that is no JSON is a 400, and one that does not say it is JSON a 415 that says how to", async () => {
    await using it = await startGateway();
    const broken = await refusal(await it.post("/headgate/capacity", "{capacity:1}"));
    assert.deepEqual([broken.status, broken.code], [400, "invalid_json"]);
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const { status, message } = await refusal(await it.post("/headgate/capacity", { capacity: 1 }, { headers }));
    assert.equal(status, 415);
    assert.match(message, /Content-Type: application\/json/);
  });
});
