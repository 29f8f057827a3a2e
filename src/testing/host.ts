import type { ServerView } from "./call.ts";
import type { Faults } from "./faults.ts";
import type { Results } from "./hang-up.ts";
import type { Ledger } from "./ledger.ts";
import type { Manners } from "./manners/manners.ts";
import type { PromptCache } from "./prompt-cache.ts";
import type { Workshop } from "./run.ts";
import type { Slots } from "./slots.ts";
import type { Stages } from "./stages.ts";

/** Everything that the requests of one server share. */
export interface Host {
  readonly manners: Manners;
  readonly view: ServerView;
  readonly slots: Slots;
  readonly cache: PromptCache;
  readonly shop: Workshop;
  readonly batchTokens: number;
  readonly ledger: Ledger;
  readonly stages: Stages;
  readonly faults: Faults;
  readonly results: Results;
  /** What the loaded model is bound to. */
  modelKey: string | undefined;
  loads: number;
}

/** Tells those who count from it that the engine had a result for somebody. */
export function hadResult({ results }: Host): void {
  for (const restart of results) restart();
}
