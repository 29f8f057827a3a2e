import { Counter, Gauge, type Registry } from "prom-client";
import type { BatchObserver, LineFate } from "../batch/batch-observer.ts";
import type { BatchRecord, BatchStatus } from "../store/batch-record.ts";

const OPEN: readonly BatchStatus[] = ["validating", "in_progress", "finalizing", "cancelling"];
const ENDED: readonly BatchStatus[] = ["completed", "failed", "expired", "cancelled"];
const FATES: readonly LineFate[] = ["completed", "failed", "retried", "given_back"];

/** What there is of batches at one moment. */
export interface OpenBatches {
  readonly open: Iterable<BatchRecord>;
  readonly inFlight: number;
}

/** How the durable batches get on. */
export class BatchMetrics implements BatchObserver {
  readonly #open: Gauge<"status">;
  readonly #inFlight: Gauge;
  readonly #oldest: Gauge;
  readonly #ended: Counter<"status">;
  readonly #lines: Counter<"outcome">;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#open = new Gauge({
      name: "headgate_batch_open",
      help: "Batches that have not ended.",
      labelNames: ["status"],
      registers,
    });
    this.#inFlight = new Gauge({
      name: "headgate_batch_lines_inflight",
      help: "Lines of batches that wait at a gate or run.",
      registers,
    });
    this.#oldest = new Gauge({
      name: "headgate_batch_oldest_open_seconds",
      help: "Age of the oldest batch that has not ended; 0 when there is none.",
      registers,
    });
    this.#ended = new Counter({
      name: "headgate_batch_ended_total",
      help: "Batches that ended.",
      labelNames: ["status"],
      registers,
    });
    this.#lines = new Counter({
      name: "headgate_batch_lines_total",
      help: "What became of lines that were taken up: completed and failed are for ever, the others come again.",
      labelNames: ["outcome"],
      registers,
    });
    // A counter that is not there yet cannot be told from one that will never be.
    for (const fate of FATES) this.#lines.labels(fate).inc(0);
    for (const status of ENDED) this.#ended.labels(status).inc(0);
  }

  settled(fate: LineFate, count: number): void {
    this.#lines.labels(fate).inc(count);
  }

  ended({ status }: BatchRecord): void {
    this.#ended.labels(status).inc();
  }

  /** @param now - Unix seconds. */
  measure({ open, inFlight }: OpenBatches, now: number): void {
    const batches = [...open];
    for (const status of OPEN) {
      this.#open.labels(status).set(batches.filter((batch) => batch.status === status).length);
    }
    this.#inFlight.set(inFlight);
    const oldest = Math.min(now, ...batches.map(({ createdAt }) => createdAt));
    this.#oldest.set(now - oldest);
  }
}
