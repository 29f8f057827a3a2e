import { collectDefaultMetrics, Registry } from "prom-client";
import type { Gate } from "../gate/index.ts";
import type { Classification } from "./classify.ts";
import type { GatewayContext } from "./context.ts";
import { classOf, type PriorityClass } from "./priority-class.ts";
import { BatchMetrics, type OpenBatches } from "./metrics-batches.ts";
import { GateMetrics } from "./metrics-gates.ts";
import { RequestMetrics } from "./metrics-requests.ts";
import type { RequestObserver } from "./request-log.ts";
import type { RequestRecord } from "./request-record.ts";

/** What metrics are taken of. */
export type Measured = Pick<GatewayContext, "config" | "upstreams" | "bodies"> & {
  readonly gates: { readonly all: readonly { readonly gate: Gate }[] };
  /** Undefined where the gateway keeps none. */
  readonly batches?: OpenBatches | undefined;
};

/** How often the delay of the event loop is sampled; each sample is a timer, and an idle machine should sleep. */
const LOOP_SAMPLE_MS = 20;

const NO_BATCHES: OpenBatches = { open: [], inFlight: 0 };

let ofProcess: Registry | undefined;

/** Memory, processor, garbage collection, event loop: of the process, so once however many gateways are in it. */
function processMetrics(): Registry {
  if (ofProcess === undefined) {
    ofProcess = new Registry();
    collectDefaultMetrics({ register: ofProcess, eventLoopMonitoringPrecision: LOOP_SAMPLE_MS });
  }
  return ofProcess;
}

/**
 * What a gateway tells Prometheus. Base units; no label for clients; model names are those that the servers list, "other" for the
 * rest, so that no client can make series without bound.
 *
 * Gauges are read when they are asked for. A request costs a few counters when it ends.
 */
export class Metrics implements RequestObserver {
  readonly #registry = new Registry();
  readonly #measured: Measured;
  readonly #requests: RequestMetrics;
  readonly #gates: GateMetrics;
  readonly batches: BatchMetrics;

  constructor(measured: Measured) {
    this.#measured = measured;
    const classed = (priority: number | undefined): PriorityClass => classOf(measured.config.queue, priority);
    this.#requests = new RequestMetrics(this.#registry, classed, (name) => isListed(measured, name));
    this.#gates = new GateMetrics(this.#registry, classed);
    this.batches = new BatchMetrics(this.#registry);
  }

  /** For the `Content-Type` of {@link text}. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Counts what only the events of a gate tell. To be called once for every gate. */
  watch(gate: Gate): void {
    this.#gates.watch(gate);
  }

  /** To be called for every request that was classified. */
  classified(classification: Classification): void {
    this.#requests.classified(classification);
  }

  /** A model server freed its slot so many milliseconds after an abort. */
  freed(upstream: string, afterMs: number): void {
    this.#gates.freed(upstream, afterMs);
  }

  closed(record: RequestRecord): void {
    this.#requests.closed(record);
  }

  /** Everything at this moment, in Prometheus's text format. */
  async text(): Promise<string> {
    const { config, gates, upstreams, bodies, batches } = this.#measured;
    this.#gates.measure({
      gates: gates.all.map(({ gate }) => gate.snapshot()),
      upstreams: upstreams.all,
      bodyBytes: bodies.usedBytes,
      queue: config.queue,
    });
    this.batches.measure(batches ?? NO_BATCHES, Math.floor(Date.now() / 1000));
    return (await this.#registry.metrics()) + (await processMetrics().metrics());
  }
}

function isListed({ upstreams }: Measured, name: string): boolean {
  return upstreams.all.some(({ models }) => models?.includes(name) === true);
}
