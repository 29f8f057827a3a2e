import { get, Refusal } from "./api.ts";

/** A batch as the OpenAI Batch API lists it; what is shown of it. */
export interface Batch {
  readonly id: string;
  readonly status: string;
  readonly endpoint?: string | undefined;
  /** Seconds since 1970. */
  readonly created_at?: number | undefined;
  readonly request_counts?:
    | { readonly total: number; readonly completed: number; readonly failed: number }
    | null
    | undefined;
  readonly metadata?: Readonly<Record<string, string>> | null | undefined;
}

const EVERY_MS = 5_000;
/** A gateway without batches may be another one tomorrow. */
const WITHOUT_MS = 120_000;

/** Looks at the batches while the page is visible; `undefined` for a gateway that has none. Returns what ends it. */
export function watchBatches(onNews: (batches: readonly Batch[] | undefined) => void): () => void {
  const over = new AbortController();
  let timer = 0;
  let dueAt = 0;
  const look = async (): Promise<void> => {
    let everyMs = EVERY_MS;
    try {
      const answer = await get("/v1/batches?limit=20", over.signal);
      const { data } = (await answer.json()) as { readonly data?: readonly Batch[] };
      onNews(Array.isArray(data) ? data : undefined);
    } catch (error) {
      if (error instanceof Refusal) {
        everyMs = WITHOUT_MS;
        onNews(undefined);
      }
    }
    dueAt = Date.now() + everyMs;
    plan();
  };
  const plan = (): void => {
    clearTimeout(timer);
    if (document.hidden || over.signal.aborted) return;
    timer = setTimeout(() => void look(), Math.max(0, dueAt - Date.now()));
  };
  document.addEventListener("visibilitychange", plan, { signal: over.signal });
  plan();
  return () => {
    over.abort();
    clearTimeout(timer);
  };
}
