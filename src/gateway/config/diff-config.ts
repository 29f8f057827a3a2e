import { isDeepStrictEqual } from "node:util";
import { valueAt, withValueAt } from "./config-path.ts";
import { optionPaths } from "./schema-node.ts";
import type { GatewayConfig } from "./types.ts";

/** What differs between two configurations, by option: "queue.maxWaiting". Never a value, so no secret. */
export interface ConfigChange {
  readonly changed: readonly string[];
  /** Those of them that a running gateway cannot take over: it goes on with the old value until it is started again. */
  readonly needRestart: readonly string[];
}

/**
 * Options that are read anew for every request, or replaced as a whole. What is not here was given to a listener, to a gate or to
 * a server when that was made, and lasts as long as it.
 */
const LIVE: ReadonlySet<string> = new Set([
  "defaultPriority",
  "rules",
  "keys",
  "allowedHosts",
  "allowedOrigins",
  "queue.foreground.maxWaiting",
  "queue.foreground.maxWaitMs",
  "queue.background.maxWaiting",
  "queue.background.maxWaitMs",
  "queue.groupByModel",
  "queue.heartbeatAfterMs",
  "queue.heartbeatForm",
  "preempt.enabled",
  "preempt.minRunMs",
  "preempt.maxRestarts",
  "preempt.maxParkedMs",
  "limits.bodyBytes",
  "limits.shutdownMs",
  "batches.maxInputBytes",
  "batches.maxFileBytes",
  "batches.maxLines",
  "batches.maxLineBytes",
  "batches.maxAttempts",
  "batches.retentionDays",
  "batches.oneModel",
  "log.level",
]);

/** Compares two complete configurations option by option. A list is one option. */
export function diffConfig(before: GatewayConfig, after: GatewayConfig): ConfigChange {
  const changed = optionPaths()
    .filter((path) => !isDeepStrictEqual(valueAt(before, path), valueAt(after, path)))
    .map((path) => path.join("."));
  return { changed, needRestart: changed.filter((option) => !LIVE.has(option)) };
}

/**
 * The configuration of a running gateway after a reload: `after` where that can be taken over, `before` for all else, so that its
 * parts do not disagree until it is started again.
 */
export function takeOver(before: GatewayConfig, after: GatewayConfig): GatewayConfig {
  const { needRestart } = diffConfig(before, after);
  const kept = optionPaths().filter((path) => needRestart.includes(path.join(".")));
  return kept.reduce<unknown>(
    (config, path) => withValueAt(config, path, valueAt(before, path)),
    after,
  ) as GatewayConfig;
}
