import type { GatewayConfig } from "./config/types.ts";
import type { Visit } from "./visit.ts";

/** Who waits, and what it says itself. */
type Asker = Pick<Visit, "request" | "identity">;

/**
 * How long a request may wait for its permit, in milliseconds: the shortest of the configured limit, its key's, and what the
 * client itself says (`X-Headgate-Max-Wait` in seconds; `X-Stainless-Timeout`, after which an OpenAI or Anthropic SDK hangs up).
 * A client can only shorten it.
 */
export function waitLimitMs(config: GatewayConfig, visit: Asker, priority: number): number | undefined {
  const { queue } = config;
  const limits = [
    priority <= queue.foregroundUpTo ? queue.foreground.maxWaitMs : queue.background.maxWaitMs,
    visit.identity.maxWaitMs,
    seconds(visit, "x-headgate-max-wait"),
    seconds(visit, "x-stainless-timeout"),
  ].filter((limit) => limit !== undefined);
  return limits.length === 0 ? undefined : Math.min(...limits);
}

function seconds(visit: Asker, header: string): number | undefined {
  const value = Number(visit.request.headers[header] ?? Number.NaN);
  return Number.isFinite(value) && value >= 0 ? value * 1000 : undefined;
}
