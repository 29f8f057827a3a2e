import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { alertsOf } from "../../src/dashboard/state/alerts.ts";
import { barsOf, fittingSpan, SPANS_MS } from "../../src/dashboard/state/bars.ts";
import { crowdOf, heldSince } from "../../src/dashboard/state/crowd.ts";
import { Model } from "../../src/dashboard/state/model.ts";
import { aGate, anEnded, aRequest, aSnapshot, anUpstream } from "./told.ts";

const NOW = 1_000_000;

function modelOf(...parts: Parameters<typeof aSnapshot>): Model {
  const model = new Model();
  model.take("snapshot", aSnapshot(...parts), NOW);
  return model;
}

describe("what the page knows", () => {
  test("is what the last snapshot said, whatever was known before", () => {
    const model = modelOf({ requests: [aRequest("a")], gates: [aGate({ name: "old" })], ended: [anEnded("x")] });
    model.take("snapshot", aSnapshot({ requests: [aRequest("b")], gates: [aGate({ name: "new" })] }), NOW);
    assert.deepEqual([...model.requests.keys()], ["b"]);
    assert.deepEqual([...model.gates.keys()], ["new"]);
    assert.equal(model.ended.size, 0);
  });

  test("follows every upsert and removal, and is not changed by one that comes twice", () => {
    const model = modelOf({ requests: [aRequest("a")], upstreams: [anUpstream({ name: "gpu" })] });
    for (let twice = 0; twice < 2; twice++) {
      model.take("upsert", { request: aRequest("a", { state: "running" }) }, NOW);
      model.take("upsert", { ended: anEnded("x") }, NOW);
      model.take("upsert", { gate: aGate({ capacity: 9 }) }, NOW);
      model.take("remove", { upstream: "gpu" }, NOW);
    }
    assert.equal(model.requests.get("a")!.state, "running");
    assert.equal(model.gates.get("local")!.capacity, 9);
    assert.deepEqual([model.ended.size, model.upstreams.size], [1, 0]);
    model.take("remove", { request: "a" }, NOW);
    assert.equal(model.requests.size, 0);
  });

  test("is not changed by events and members that a later gateway may send", () => {
    const model = modelOf({});
    model.take("news", { request: aRequest("a") }, NOW);
    model.take("upsert", { weather: "fine" }, NOW);
    model.take("remove", { weather: "fine" }, NOW);
    assert.equal(model.requests.size, 0);
  });

  test("does not grow with what ends", () => {
    const model = modelOf({});
    for (let i = 0; i < 5_000; i++) model.take("upsert", { ended: anEnded(`x${i}`) }, NOW);
    assert.equal(model.ended.size, 400);
    assert.equal([...model.ended.keys()].at(-1), "x4999");
  });

  test("includes how far the gateway's clock is from this one", () => {
    assert.equal(modelOf({ at: NOW + 5_000 }).aheadMs, 5_000);
  });
});

describe("the crowd at a gate", () => {
  test("waits in the order of the gate, and behind those it names by priority, then arrival", () => {
    const requests = [
      aRequest("late", { priority: 100, arrivedAt: 9 }),
      aRequest("soon", { priority: 0, arrivedAt: 8 }),
      aRequest("early", { priority: 100, arrivedAt: 1 }),
      aRequest("second", { priority: 100, arrivedAt: 5 }),
      aRequest("first", { priority: 100, arrivedAt: 7, state: "parked" }),
      aRequest("elsewhere", { gate: "other" }),
    ];
    const gate = aGate({ line: ["first", "second"], meanHoldMs: 1_000, capacity: 2 });
    const { waiters } = crowdOf(modelOf({ requests, gates: [gate] }), gate);
    assert.deepEqual(
      waiters.map(({ request, position, etaMs }) => [request.id, position, etaMs]),
      [
        ["first", 1, 500],
        ["second", 2, 1_000],
        ["soon", 3, 1_500],
        ["early", 4, 2_000],
        ["late", 5, 2_500],
      ],
    );
  });

  test("has no estimates before a permit ever came back, nor while nobody is let in", () => {
    const requests = [aRequest("a")];
    for (const gate of [
      aGate({ meanHoldMs: null }),
      aGate({ meanHoldMs: 5, capacity: 0 }),
      aGate({ meanHoldMs: 5, state: "paused" }),
    ]) {
      assert.equal(crowdOf(modelOf({ requests, gates: [gate] }), gate).waiters[0]!.etaMs, undefined);
    }
  });

  test("holds since its last permit, not since its first", () => {
    const phases = [
      ["waiting", 1],
      ["sent", 2],
      ["answering", 3],
      ["parked", 4],
      ["answering", 6],
    ] as const;
    assert.equal(heldSince(aRequest("a", { phases, grantedAt: 2 })), 6);
    assert.equal(heldSince(aRequest("a", { phases: phases.slice(0, 3), grantedAt: 2 })), 2);
  });
});

describe("the timeline", () => {
  test("has a bar for each request: who ran by the time of their permits, then who waits, parked ones first", () => {
    const requests = [
      aRequest("waits", { arrivedAt: 50, phases: [["waiting", 50]] }),
      aRequest("parked", {
        state: "parked",
        phases: [
          ["sent", 20],
          ["parked", 30],
        ],
      }),
      aRequest("runs", {
        state: "running",
        phases: [
          ["waiting", 10],
          ["sent", 40],
        ],
      }),
    ];
    const ended = [
      anEnded("over", {
        endedAt: 45,
        phases: [
          ["waiting", 1],
          ["sent", 42],
        ],
        outcome: "upstream_error",
      }),
    ];
    const gate = aGate({ line: ["waits", "parked"] });
    const bars = barsOf(crowdOf(modelOf({ requests, gates: [gate], ended }), gate), 20);
    assert.deepEqual(
      bars.map(({ request }) => request.id),
      ["runs", "over", "parked", "waits"],
    );
    assert.deepEqual(bars[1]!.stretches, [
      { phase: "waiting", from: 1, to: 42 },
      { phase: "sent", from: 42, to: 45 },
    ]);
    assert.equal(bars[1]!.failed, "upstream_error");
    assert.equal(bars[0]!.stretches.at(-1)!.to, undefined);
  });

  test("never has more rows than it is given, and shows some of both kinds", () => {
    const requests = Array.from({ length: 500 }, (_, i) => aRequest(`w${i}`, { phases: [["waiting", i]] }));
    const ended = Array.from({ length: 300 }, (_, i) => anEnded(`e${i}`, { endedAt: i, phases: [["sent", i]] }));
    const gate = aGate({ line: requests.map(({ id }) => id) });
    const bars = barsOf(crowdOf(modelOf({ requests, gates: [gate], ended }), gate), 20);
    assert.equal(bars.length, 20);
    const ids = bars.map(({ request }) => request.id);
    assert.deepEqual(ids.slice(0, 2), ["e286", "e287"]);
    assert.deepEqual(ids.slice(-6), ["w0", "w1", "w2", "w3", "w4", "w5"]);
  });

  test("goes back as far as most of its bars do, within what it can show", () => {
    const ended = (ago: number): ReturnType<typeof anEnded> => anEnded(`e${ago}`, { phases: [["sent", NOW - ago]] });
    const gate = aGate({});
    const span = (...agos: number[]): number => {
      return fittingSpan(barsOf(crowdOf(modelOf({ gates: [gate], ended: agos.map(ended) }), gate), 20), NOW);
    };
    assert.equal(span(), SPANS_MS[0]);
    assert.equal(span(1_000, 20_000), 30_000);
    assert.equal(span(1_000, 9e9), SPANS_MS.at(-1));
  });
});

describe("warnings", () => {
  test("tell of every server that is down, stuck or used past the gateway, at this gate only", () => {
    const model = modelOf({
      upstreams: [
        anUpstream({ name: "a", health: "down" }),
        anUpstream({ name: "b", stuck: true }),
        anUpstream({ name: "c", foreign: 2 }),
        anUpstream({ name: "d" }),
        anUpstream({ name: "e", gate: "other", health: "down" }),
      ],
    });
    assert.deepEqual(
      alertsOf(model, "local", NOW).map(({ key, level }) => [key, level]),
      [
        ["down a", "bad"],
        ["stuck b", "bad"],
        ["foreign c", "warn"],
      ],
    );
  });

  test("tell of starvation for ten minutes, the last first, and name the request", () => {
    const warning = (id: number, at: number): object => ({
      warning: { id, at, kind: "starvation", gate: "local", request: `req_${id}`, text: "A request has waited." },
    });
    const model = modelOf({});
    for (const [id, ago] of [
      [1, 700_000],
      [2, 500_000],
      [3, 0],
    ] as const)
      model.take("upsert", warning(id, NOW - ago), NOW);
    assert.deepEqual(
      alertsOf(model, "local", NOW).map(({ request }) => request),
      ["req_3", "req_2"],
    );
  });
});
