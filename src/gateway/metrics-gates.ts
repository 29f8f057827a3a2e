import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Health } from "../engines/engine-words.ts";
import type { Gate, GateSnapshot } from "../gate/index.ts";
import type { QueueConfig } from "./config/types.ts";
import type { PriorityClass } from "./priority-class.ts";

/** What there is to be seen at one moment. */
export interface Moment {
  readonly gates: readonly GateSnapshot[];
  readonly upstreams: readonly {
    readonly name: string;
    readonly health: Health;
    readonly foreign: number | undefined;
  }[];
  readonly bodyBytes: number;
  readonly queue: QueueConfig;
}

const CLASSES = ["foreground", "background"] as const;

/** How full the gates are, and what happened at them. */
export class GateMetrics {
  readonly #classOf: (priority: number) => PriorityClass;
  readonly #depth: Gauge<"gate" | "priority_class">;
  readonly #inflight: Gauge<"gate" | "priority_class">;
  readonly #concurrency: Gauge<"gate">;
  readonly #utilization: Gauge<"gate">;
  readonly #queueSize: Gauge<"priority_class">;
  readonly #upstreamUp: Gauge<"upstream">;
  readonly #foreign: Gauge<"upstream">;
  readonly #bodyBytes: Gauge;
  readonly #preemptions: Counter<"gate" | "victim_class">;
  readonly #starvation: Counter<"gate">;
  readonly #freed: Histogram<"upstream">;

  constructor(registry: Registry, classOf: (priority: number) => PriorityClass) {
    this.#classOf = classOf;
    const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[]): Gauge<Label> =>
      new Gauge({ name: `headgate_${name}`, help, labelNames, registers: [registry] });
    this.#depth = gauge("queue_depth", "Requests that wait for a permit.", ["gate", "priority_class"]);
    this.#inflight = gauge("inflight", "Permits that are held.", ["gate", "priority_class"]);
    this.#concurrency = gauge("concurrency_limit", "Permits that there are.", ["gate"]);
    this.#utilization = gauge("utilization", "Share of the permits that is held.", ["gate"]);
    this.#queueSize = gauge("queue_size_limit", "Requests that may wait at one gate.", ["priority_class"]);
    this.#upstreamUp = gauge("upstream_up", "1 for a model server that takes work, else 0.", ["upstream"]);
    this.#foreign = gauge(
      "upstream_foreign_requests",
      "Requests at a model server that did not come through this gateway; missing where that is not known.",
      ["upstream"],
    );
    this.#bodyBytes = gauge("body_bytes_waiting", "Bytes of waiting request bodies in memory.", []);
    this.#preemptions = new Counter({
      name: "headgate_preemptions_total",
      help: "Times that a holder of a permit was asked to step aside.",
      labelNames: ["gate", "victim_class"],
      registers: [registry],
    });
    this.#starvation = new Counter({
      name: "headgate_starvation_total",
      help: "Requests that have waited longer than queue.starvationWarnMs.",
      labelNames: ["gate"],
      registers: [registry],
    });
    this.#freed = new Histogram({
      name: "headgate_abort_to_free_seconds",
      help: "Seconds from the abort of a running request to the first sign of life of the next one on that model server.",
      labelNames: ["upstream"],
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers: [registry],
    });
  }

  freed(upstream: string, afterMs: number): void {
    this.#freed.labels(upstream).observe(afterMs / 1000);
  }

  watch(gate: Gate): void {
    gate.on("preempt", ({ gate: name, priority }) => this.#preemptions.labels(name, this.#classOf(priority)).inc());
    gate.on("starvation", ({ gate: name, count }) => this.#starvation.labels(name).inc(count));
    // A counter that is not there yet cannot be told from one that will never be.
    this.#starvation.labels(gate.name).inc(0);
    for (const victim of CLASSES) this.#preemptions.labels(gate.name, victim).inc(0);
  }

  measure({ gates, upstreams, bodyBytes, queue }: Moment): void {
    for (const gate of gates) this.#measureGate(gate);
    for (const lane of CLASSES) {
      this.#queueSize.labels(lane).set(Math.min(queue[lane].maxWaiting ?? Infinity, queue.maxWaiting));
    }
    // Servers come and go; one that was removed is no longer down either.
    this.#upstreamUp.reset();
    this.#foreign.reset();
    for (const { name, health, foreign } of upstreams) {
      this.#upstreamUp.labels(name).set(health === "ready" ? 1 : 0);
      if (foreign !== undefined) this.#foreign.labels(name).set(foreign);
    }
    this.#bodyBytes.set(bodyBytes);
  }

  #measureGate({ gate, capacity, held, holders, waiters }: GateSnapshot): void {
    for (const priorityClass of CLASSES) {
      const isOfClass = ({ priority }: { readonly priority: number }): boolean =>
        this.#classOf(priority) === priorityClass;
      this.#depth.labels(gate, priorityClass).set(waiters.filter(isOfClass).length);
      this.#inflight.labels(gate, priorityClass).set(holders.filter(isOfClass).length);
    }
    this.#concurrency.labels(gate).set(capacity);
    this.#utilization.labels(gate).set(capacity === 0 ? 0 : held / capacity);
  }
}
