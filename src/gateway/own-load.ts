import type { RequestFacts } from "../protocol/request-facts.ts";
import type { Route } from "../protocol/route.ts";
import type { GatewayContext } from "./context.ts";
import type { Upstream } from "./upstream.ts";

/**
 * Whether a model server counts the request as one. Several answers or several inputs are as many tasks to most servers, and of
 * a body that is not read nothing is known.
 */
export function countsAsOne({ work, dialect }: Route, { n }: RequestFacts): boolean {
  return work === "generate" && n === 1 && dialect !== "opaque" && dialect !== "llama-completion";
}

/**
 * The most requests at `upstream` that can be this gateway's own at this moment: those under way, and those of the programs that
 * hold a permit over HTTP and may use the server directly. `undefined` while one runs that the server may count as several.
 */
export function ownLoad(
  { requests, heldPermits }: Pick<GatewayContext, "requests" | "heldPermits">,
  { name, group, pool }: Upstream,
): number | undefined {
  for (const { upstream, state, countsAsOne: isOne } of requests.live.values()) {
    if (upstream === name && state === "running" && !isOne) return undefined;
  }
  return pool.stats.size + heldPermits.heldAt(group.gate.name);
}
