import { Relay, type RelayJob, type RelayResult } from "../relay/relay.ts";
import { UpstreamFailure } from "../relay/upstream-failure.ts";
import { ClientGone } from "./client-gone.ts";
import type { GatewayContext } from "./context.ts";
import type { Upstream } from "./upstream.ts";
import type { Visit } from "./visit.ts";

/**
 * Relays one request to `upstream` while its client stays. Resolves once the client has its whole answer, whatever the answer's
 * status; rejects with an `UpstreamFailure` or {@link ClientGone}.
 */
export async function relayed(
  gateway: GatewayContext,
  visit: Visit,
  upstream: Upstream,
  job: Omit<RelayJob, "dispatcher" | "client">,
): Promise<void> {
  const { response } = visit;
  // It may have left while its body was read back from disk.
  if (response.presence.aborted) throw new ClientGone();
  const relay = new Relay({ ...job, dispatcher: upstream.pool, client: response });
  const hangUp = (): void => relay.clientGone();
  response.presence.addEventListener("abort", hangUp);
  try {
    judge(await relay.result, upstream, gateway);
  } finally {
    response.presence.removeEventListener("abort", hangUp);
  }
}

function judge(result: RelayResult, upstream: Upstream, gateway: GatewayContext): void {
  switch (result.kind) {
    case "finished":
      return;
    case "gone":
      throw new ClientGone();
    case "failed":
      if (result.failure.code === "upstream_unreachable" && upstream.health !== "down") {
        upstream.unreachable();
        // Once: those that fail after this one say nothing new.
        gateway.upstreams.recheck(upstream);
      }
      throw result.failure;
    case "refused":
      throw new UpstreamFailure("upstream_failed", refusalText(result.status, result.body), true);
  }
}

/** The model server's own words, for a client that can only be told in-band. */
function refusalText(status: number, body: Uint8Array): string {
  return `the model server answered ${status}: ${Buffer.from(body).toString("utf8").slice(0, 1000)}`;
}
