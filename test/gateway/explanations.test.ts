import assert from "node:assert/strict";
import { test } from "node:test";
import { Explanations } from "../../src/gateway/control/explanations.ts";
import { configSchema } from "../../src/gateway/config/schema.ts";
import { GateGroups } from "../../src/gateway/gate-groups.ts";
import { RequestLog } from "../../src/gateway/request-log.ts";
import { openRecord, type RequestRecord } from "../../src/gateway/request-record.ts";
import { ManualClock } from "../support/manual-clock.ts";

const KEPT = 1_000;

function begin(): { requests: RequestLog; explanations: Explanations } {
  const config = configSchema.parse({});
  const gates = new GateGroups(
    () => config,
    new ManualClock(),
    () => {},
  );
  gates.of({ url: "http://127.0.0.1", models: { alias: {} } }, new URL("http://127.0.0.1"));
  const requests = new RequestLog();
  const explanations = new Explanations(gates, requests, (priority) => priority <= 0);
  requests.follow(explanations);
  return { requests, explanations };
}

let nextGateId = 0;

/** A request that is told to the log as the gateway would. */
function arrives(requests: RequestLog, priority: number): RequestRecord {
  const record = openRecord("POST", "/v1/chat/completions", 0);
  requests.open(record);
  record.gate = "local";
  record.priority = priority;
  return record;
}

function waits(requests: RequestLog, record: RequestRecord): RequestRecord {
  record.gateId = String(++nextGateId);
  record.state = "waiting";
  requests.changed(record);
  return record;
}

function runs(requests: RequestLog, record: RequestRecord): RequestRecord {
  record.state = "running";
  requests.changed(record);
  return record;
}

test("a request can be asked about until a thousand others have ended after it, and no longer", () => {
  const { requests, explanations } = begin();
  const first = arrives(requests, 100);
  requests.close(first);
  for (let i = 0; i < KEPT - 1; i++) requests.close(arrives(requests, 100));
  assert.equal(explanations.find(first.id)?.record, first);
  requests.close(arrives(requests, 100));
  assert.equal(explanations.find(first.id), undefined);
});

test("one that waits is known however many end meanwhile", () => {
  const { requests, explanations } = begin();
  const patient = waits(requests, arrives(requests, 100));
  for (let i = 0; i < 2 * KEPT; i++) requests.close(runs(requests, arrives(requests, 0)));
  assert.deepEqual(explanations.find(patient.id)?.wait?.meanwhile, { foreground: 2 * KEPT, background: 0 });
});

test("in front are those who wait already and are as soon or sooner, and nobody who left", () => {
  const { requests, explanations } = begin();
  const [foreground, background, later] = [0, 100, 200].map((priority) => waits(requests, arrives(requests, priority)));
  const ahead = (priority: number): number | undefined =>
    explanations.find(waits(requests, arrives(requests, priority)).id)?.wait?.ahead;
  assert.equal(ahead(100), 2);
  requests.close(foreground!);
  runs(requests, background!);
  requests.close(later!);
  // What is left is the request of priority 100 that asked before.
  assert.equal(ahead(100), 1);
  assert.equal(ahead(0), 0);
});

test("an operator's change of a priority does not upset the counts", () => {
  const { requests, explanations } = begin();
  const moved = waits(requests, arrives(requests, 100));
  moved.priority = 0;
  requests.changed(moved);
  requests.close(moved);
  for (const priority of [0, 100]) {
    assert.equal(
      explanations.find(waits(requests, arrives(requests, priority)).id)?.wait?.ahead,
      priority === 0 ? 0 : 1,
    );
  }
});

test("the first token of a running request is no second grant", () => {
  const { requests, explanations } = begin();
  const patient = waits(requests, arrives(requests, 100));
  const running = runs(requests, arrives(requests, 0));
  requests.changed(running);
  requests.close(running);
  const { wait } = explanations.find(patient.id)!;
  assert.deepEqual(wait!.meanwhile, { foreground: 1, background: 0 });
  runs(requests, patient);
  assert.deepEqual(explanations.find(patient.id)!.wait!.meanwhile, { foreground: 1, background: 0 });
});
