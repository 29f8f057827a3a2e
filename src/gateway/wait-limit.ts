import type { GatewayConfig } from "./config/types.ts";
import type { Visit } from "./visit.ts";

/** Who waits, and what it says itself. */
type Asker = Pick<Visit, "request" | "identity">;

/**
 * In seconds, after how long an OpenAI or Anthropic SDK hangs up: the first is sent by those for JavaScript (openai-node
 * src/client.ts), the second by those for Python (_base_client.py).
 */
const SDK_TIMEOUTS = ["x-stainless-timeout", "x-stainless-read-timeout"];

/** An answer that comes this much before the SDK's own limit is still read, and tells it when to come again. */
const MARGIN_MS = 1000;

/**
 * How long a request may wait for its permit, in milliseconds: the shortest of the configured limit, its key's, and what the
 * client itself says: `X-Headgate-Max-Wait` in seconds, 0 for "only at once", and the moment at which its SDK would hang up.
 * A client can only shorten it. `undefined`: as long as it takes.
 *
 * @param heartbeatMs - how often the client hears something while it waits, if it does: that starts the SDK's limit anew.
 */
export function waitLimitMs(
  config: GatewayConfig,
  { request: { headers }, identity }: Asker,
  priority: number,
  heartbeatMs?: number,
): number | undefined {
  const { queue } = config;
  const lane = priority <= queue.foregroundUpTo ? queue.foreground : queue.background;
  const limits = [lane.maxWaitMs, identity.maxWaitMs, millisecondsOf(headers["x-headgate-max-wait"])];
  for (const name of SDK_TIMEOUTS) limits.push(sdkLimitMs(millisecondsOf(headers[name]), heartbeatMs));
  const given = limits.filter((limit) => limit !== undefined);
  return given.length === 0 ? undefined : Math.min(...given);
}

/** The header is in whole seconds, rounded down: 0 is some limit below a second, at which the client hangs up by itself. */
function sdkLimitMs(timeoutMs: number | undefined, heartbeatMs: number | undefined): number | undefined {
  if (timeoutMs === undefined || timeoutMs === 0) return undefined;
  if (heartbeatMs !== undefined && heartbeatMs < timeoutMs) return undefined;
  return timeoutMs - Math.min(MARGIN_MS, timeoutMs / 10);
}

/** A header in seconds; `undefined` where it says nothing that could be a duration. */
function millisecondsOf(header: string | readonly string[] | undefined): number | undefined {
  if (typeof header !== "string" || !/^\d+(?:\.\d+)?$/.test(header.trim())) return undefined;
  return Number(header) * 1000;
}
