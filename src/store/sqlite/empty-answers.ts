import { StoreError } from "../store-error.ts";
import type { Page, PageQuery, Store } from "../store.ts";
import type { Method } from "./operations.ts";

type EmptyAnswers = {
  readonly [M in Method]?: (...args: Parameters<Store[M]>) => Awaited<ReturnType<Store[M]>>;
};

/** What a store answers in which nothing was ever written, to the calls that write nothing then. */
export const EMPTY: EmptyAnswers = {
  file: () => undefined,
  files: (_tenant, query) => emptyPage(query),
  removeFile: () => false,
  removeExpiredFiles: () => 0,
  unusedBlobs: (names) => names,
  batch: () => undefined,
  batches: (_tenant, query) => emptyPage(query),
  openBatches: () => [],
  setPaused: () => undefined,
  end: () => undefined,
  settle: (settlements) => ({ accepted: settlements.map(() => false), claimed: [] }),
  nextRetryAt: () => undefined,
  removeEndedBatches: () => 0,
};

function emptyPage({ after }: PageQuery): Page<never> {
  if (after !== undefined) throw new StoreError("unknown_cursor", `after names nothing in this list: ${after}`);
  return { items: [], hasMore: false };
}
