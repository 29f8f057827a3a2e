import { resolve } from "node:path";
import type { Blobs } from "../../store/blobs.ts";
import { createDataStore } from "../../store/data-store.ts";
import type { Store } from "../../store/store.ts";
import type { LineFate, BatchObserver } from "../../batch/batch-observer.ts";
import { BatchService } from "../../batch/batch-service.ts";
import type { GateGroups } from "../gate-groups.ts";
import type { GatewayContext } from "../context.ts";
import { askInside } from "../inside-request.ts";
import { batchNews } from "./batch-news.ts";

/** Where files and batches are kept. */
export interface BatchStore {
  readonly store: Store;
  readonly blobs: Blobs;
}

export interface BatchHost extends GatewayContext {
  readonly gates: GateGroups;
}

/**
 * The batches of a gateway; `undefined` where it has no place to keep them, or is told not to. Making it touches nothing on disk.
 *
 * @param kept - instead of the data directory of the configuration.
 */
export function batchServiceOf(
  host: BatchHost,
  metrics: BatchObserver,
  { kept, wallNow }: { readonly kept?: BatchStore | undefined; readonly wallNow?: (() => number) | undefined },
): BatchService | undefined {
  const { data, batches } = host.config;
  if (!batches.enabled || (data === undefined && kept === undefined)) return undefined;
  const { store, blobs } = kept ?? createDataStore({ directory: resolve(data!) });
  return new BatchService({
    store,
    blobs,
    limits: () => host.config.batches,
    ask: (line) => askInside(host, line),
    capacity: () => host.gates.all.reduce((sum, { gate }) => sum + gate.capacity, 0),
    clock: host.clock,
    ...(wallNow !== undefined && { wallNow }),
    observer: both(batchNews(host.log), metrics),
  });
}

function both(first: BatchObserver, second: BatchObserver): BatchObserver {
  const names = ["created", "started", "finalizing", "ended"] as const;
  const told = names.map((name) => [
    name,
    (batch: Parameters<NonNullable<BatchObserver["ended"]>>[0]): void => {
      first[name]?.(batch);
      second[name]?.(batch);
    },
  ]);
  return {
    ...(Object.fromEntries(told) as BatchObserver),
    settled: (fate: LineFate, count: number) => second.settled?.(fate, count),
    trouble: (error) => first.trouble?.(error),
    well: () => first.well?.(),
  };
}
