import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Gate } from "../../src/gate/index.ts";
import { BodyBudget } from "../../src/gateway/body-budget.ts";
import type { Classification } from "../../src/gateway/classify.ts";
import { parseConfig } from "../../src/gateway/config/load-config.ts";
import { Metrics, type Measured } from "../../src/gateway/metrics.ts";
import { openRecord, type RequestRecord } from "../../src/gateway/request-record.ts";
import { ManualClock } from "../support/manual-clock.ts";

interface Server {
  readonly name: string;
  readonly health: string;
  readonly models: readonly string[] | undefined;
}

function measured(changes: { gates?: readonly Gate[]; servers?: Server[]; config?: object } = {}): Measured {
  const { gates = [], servers = [], config = {} } = changes;
  return {
    config: parseConfig(config),
    bodies: new BodyBudget(1000),
    upstreams: { all: servers } as unknown as Measured["upstreams"],
    gates: { all: gates.map((gate) => ({ gate })) },
  };
}

function finished(changes: Partial<RequestRecord> = {}): RequestRecord {
  return {
    ...openRecord("POST", "/v1/chat/completions", 1000),
    model: "qwen3",
    priority: 0,
    gateId: "w1",
    grantedAt: 1500,
    firstTokenAt: 2000,
    endedAt: 4000,
    outcome: "finished",
    completionTokens: 11,
    ...changes,
  };
}

/** The value of one series, named as Prometheus writes it; `undefined` when there is none. */
async function read(metrics: Metrics, series: string): Promise<number | undefined> {
  const line = (await metrics.text()).split("\n").find((text) => text.startsWith(`headgate_${series} `));
  return line === undefined ? undefined : Number(line.split(" ").at(-1));
}

const SERVERS: Server[] = [{ name: "gpu", health: "ready", models: ["qwen3", "nomic"] }];

describe("metrics: requests", () => {
  it("are counted by class, outcome and model", async () => {
    const metrics = new Metrics(measured({ servers: SERVERS }));
    metrics.closed(finished());
    metrics.closed(finished({ outcome: "queue_full", priority: 100, grantedAt: undefined, gateId: undefined }));
    metrics.closed(finished({ outcome: "refused", priority: undefined, model: undefined }));
    const count = (labels: string): Promise<number | undefined> => read(metrics, `requests_total{${labels}}`);
    assert.equal(await count('priority_class="foreground",outcome="finished",model="qwen3"'), 1);
    assert.equal(await count('priority_class="background",outcome="queue_full",model="qwen3"'), 1);
    assert.equal(await count('priority_class="none",outcome="refused",model="none"'), 1);
  });

  it("leave their times in seconds: the wait, the first token, each token after it, all of it", async () => {
    const metrics = new Metrics(measured({ servers: SERVERS }));
    metrics.closed(finished());
    const labels = '{priority_class="foreground",model="qwen3"}';
    assert.equal(await read(metrics, 'queue_wait_seconds_sum{priority_class="foreground",outcome="granted"}'), 0.5);
    assert.equal(await read(metrics, `time_to_first_token_seconds_sum${labels}`), 1);
    assert.equal(await read(metrics, `time_per_output_token_seconds_sum${labels}`), 0.2);
    assert.equal(await read(metrics, `request_duration_seconds_sum${labels}`), 3);
  });

  it("a wait in vain is told by its end; who never queued waited for nothing, and who never ran has no duration", async () => {
    const metrics = new Metrics(measured({ servers: SERVERS }));
    metrics.closed(finished({ outcome: "queue_timeout", grantedAt: undefined, priority: 100 }));
    metrics.closed(finished({ outcome: "refused", grantedAt: undefined, gateId: undefined, priority: 100 }));
    const text = await metrics.text();
    assert.match(text, /queue_wait_seconds_sum\{priority_class="background",outcome="queue_timeout"\} 3\n/);
    assert.doesNotMatch(text, /queue_wait_seconds_count\{[^}]*refused/);
    assert.doesNotMatch(text, /request_duration_seconds_count\{/);
  });

  it("a class is what the configuration of this moment says", async () => {
    const of = measured({ servers: SERVERS }) as { -readonly [Name in keyof Measured]: Measured[Name] };
    const metrics = new Metrics(of);
    metrics.closed(finished({ priority: 50 }));
    of.config = parseConfig({ queue: { foregroundUpTo: 50 } });
    metrics.closed(finished({ priority: 50 }));
    const text = await metrics.text();
    assert.match(text, /requests_total\{priority_class="background",outcome="finished",model="qwen3"\} 1/);
    assert.match(text, /requests_total\{priority_class="foreground",outcome="finished",model="qwen3"\} 1/);
  });

  it("count unknown priority names and ceilings", async () => {
    const metrics = new Metrics(measured());
    assert.equal(await read(metrics, "unknown_priority_total"), 0);
    metrics.classified({ unknown: "urgent", clamped: false } as Classification);
    metrics.classified({ unknown: undefined, clamped: true } as Classification);
    assert.equal(await read(metrics, "unknown_priority_total"), 1);
    assert.equal(await read(metrics, "clamped_total"), 1);
  });
});

describe("metrics: no client makes series without bound", () => {
  it("a model that no server lists is other", async () => {
    const metrics = new Metrics(
      measured({ servers: [...SERVERS, { name: "mute", health: "ready", models: undefined }] }),
    );
    for (let n = 0; n < 50; n++) metrics.closed(finished({ model: `made up ${n}` }));
    assert.equal(
      await read(metrics, 'requests_total{priority_class="foreground",outcome="finished",model="other"}'),
      50,
    );
  });

  it("nor are there series for more than a hundred listed ones", async () => {
    const models = Array.from({ length: 500 }, (_, n) => `m${n}`);
    const metrics = new Metrics(measured({ servers: [{ name: "gpu", health: "ready", models }] }));
    for (const model of models) metrics.closed(finished({ model }));
    const text = await metrics.text();
    assert.equal(text.match(/^headgate_requests_total\{/gm)?.length, 101);
  });

  it("a model's name is quoted, whatever is in it", async () => {
    const model = 'a"b\\c\nd';
    const metrics = new Metrics(measured({ servers: [{ name: "gpu", health: "ready", models: [model] }] }));
    metrics.closed(finished({ model }));
    assert.match(await metrics.text(), /model="a\\"b\\\\c\\nd"\} 1\n/);
  });

  it("no label holds who the client is", async () => {
    const metrics = new Metrics(measured({ servers: SERVERS }));
    metrics.closed(finished({ client: "alice" }));
    assert.doesNotMatch(await metrics.text(), /alice/);
  });
});

describe("metrics: gates and servers", () => {
  it("tell who waits and who runs at this moment, and of how many", async () => {
    const gate = new Gate({ name: "local", capacity: 2, clock: new ManualClock() });
    const metrics = new Metrics(measured({ gates: [gate] }));
    const permits = await Promise.all([gate.acquire({ priority: 0 }), gate.acquire({ priority: 100 })]);
    const waiting = gate.acquire({ priority: 100 });
    const labels = (priorityClass: string): string => `{gate="local",priority_class="${priorityClass}"}`;
    assert.equal(await read(metrics, `queue_depth${labels("background")}`), 1);
    assert.equal(await read(metrics, `queue_depth${labels("foreground")}`), 0);
    assert.equal(await read(metrics, `inflight${labels("foreground")}`), 1);
    assert.equal(await read(metrics, `inflight${labels("background")}`), 1);
    assert.equal(await read(metrics, 'concurrency_limit{gate="local"}'), 2);
    assert.equal(await read(metrics, 'utilization{gate="local"}'), 1);
    for (const permit of permits) permit.release();
    (await waiting).release();
    assert.equal(await read(metrics, `queue_depth${labels("background")}`), 0);
    assert.equal(await read(metrics, 'utilization{gate="local"}'), 0);
    gate.resize(0);
    assert.equal(await read(metrics, 'utilization{gate="local"}'), 0);
  });

  it("count who was asked to step aside, and every waiter that starved", async () => {
    const clock = new ManualClock();
    const gate = new Gate({ name: "local", starvationWarnMs: 1000, clock });
    const metrics = new Metrics(measured({ gates: [gate] }));
    metrics.watch(gate);
    assert.equal(await read(metrics, 'starvation_total{gate="local"}'), 0);
    const held = await gate.acquire({ priority: 100, preemptible: true });
    const waiting = [gate.acquire({ priority: 0 }), gate.acquire({ priority: 100 })];
    clock.advance(5000);
    assert.equal(await read(metrics, 'preemptions_total{gate="local",victim_class="background"}'), 1);
    assert.equal(await read(metrics, 'starvation_total{gate="local"}'), 2);
    held.release();
    for (const permit of waiting) (await permit).release();
  });

  it("tell which servers are up, and forget those that are gone", async () => {
    const servers = [...SERVERS, { name: "old", health: "loading", models: [] }];
    const metrics = new Metrics(measured({ servers }));
    assert.equal(await read(metrics, 'upstream_up{upstream="gpu"}'), 1);
    assert.equal(await read(metrics, 'upstream_up{upstream="old"}'), 0);
    servers.pop();
    assert.equal(await read(metrics, 'upstream_up{upstream="old"}'), undefined);
  });

  it("tell the limits of the queue, and the bodies in memory", async () => {
    const of = measured({ config: { queue: { maxWaiting: 500, background: { maxWaiting: 100 } } } });
    const metrics = new Metrics(of);
    const body = of.bodies.keep(new Uint8Array(300));
    assert.equal(await read(metrics, 'queue_size_limit{priority_class="foreground"}'), 500);
    assert.equal(await read(metrics, 'queue_size_limit{priority_class="background"}'), 100);
    assert.equal(await read(metrics, "body_bytes_waiting"), 300);
    body.dispose();
    assert.equal(await read(metrics, "body_bytes_waiting"), 0);
  });

  it("two gateways in one process count for themselves, and tell the process once each", async () => {
    const [one, other] = [new Metrics(measured()), new Metrics(measured())];
    one.classified({ unknown: "x", clamped: false } as Classification);
    assert.equal(await read(one, "unknown_priority_total"), 1);
    assert.equal(await read(other, "unknown_priority_total"), 0);
    for (const metrics of [one, other]) {
      const text = await metrics.text();
      assert.equal(text.match(/^# TYPE nodejs_eventloop_lag_seconds gauge$/gm)?.length, 1);
    }
    assert.match(one.contentType, /^text\/plain; version=0\.0\.4/);
  });

  it("every metric has its words and is told in the text format, each family once", async () => {
    const metrics = new Metrics(measured({ servers: SERVERS }));
    metrics.closed(finished());
    const text = await metrics.text();
    const families = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name);
    assert.deepEqual(families, [...new Set(families)]);
    assert.equal(text.match(/^# HELP \S+ \S.*$/gm)?.length, families.length);
    for (const line of text.split("\n").filter((l) => l !== "" && !l.startsWith("#"))) {
      assert.match(line, /^[a-z0-9_]+(?:\{(?:[a-z_]+="(?:[^"\\]|\\.)*",?)*\})? \S+$/);
    }
  });
});
