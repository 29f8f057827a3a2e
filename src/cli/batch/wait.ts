import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import type { BatchObject } from "../../batch/batch-object.ts";
import { EX_UNAVAILABLE } from "../exit-codes.ts";
import { GatewayUnavailable } from "../gateway-client.ts";
import type { BatchClient } from "./batch-client.ts";
import { hasEnded } from "./batch-text.ts";
import { Progress, type Screen } from "./progress.ts";

const SOONEST_POLL_MS = 100;
const LATEST_POLL_MS = 1_000;

/**
 * Shows the progress of a batch until it has ended. A gateway that is away is waited for: its batches outlive it.
 *
 * @returns the batch in its last state; `undefined` when `signal` ended the waiting.
 */
export async function waitFor(
  client: BatchClient,
  id: string,
  screen: Screen,
  signal: AbortSignal,
): Promise<BatchObject | undefined> {
  const progress = new Progress(screen);
  let delayMs = SOONEST_POLL_MS;
  let isAway = false;
  try {
    while (!signal.aborted) {
      const batch = await client.show(id).catch(away);
      if (batch === undefined && !isAway)
        screen.write("\nThe gateway does not answer; the batch goes on when it does.\n");
      isAway = batch === undefined;
      if (batch !== undefined) progress.show(batch, performance.now());
      if (batch !== undefined && hasEnded(batch)) return batch;
      await pause(delayMs, undefined, { signal }).catch(() => {});
      delayMs = Math.min(LATEST_POLL_MS, delayMs * 2);
    }
    return undefined;
  } finally {
    progress.end();
  }
}

function away(error: unknown): undefined {
  if (error instanceof GatewayUnavailable && error.exitCode === EX_UNAVAILABLE) return undefined;
  throw error;
}
