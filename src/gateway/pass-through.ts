import { Relay } from "../relay/relay.ts";
import { chooseUpstream } from "./choose-upstream.ts";
import { ClientGone } from "./client-gone.ts";
import type { GatewayContext } from "./context.ts";
import { headersFor } from "./upstream-headers.ts";
import type { Visit } from "./visit.ts";

const NOTHING_DROPPED = { dropHeaders: [] };

/**
 * Everything that is no work for the model: forwarded as it comes, in both directions, without a permit, without a limit on its
 * size and without being read. `/api/blobs` uploads of many gigabytes go this way.
 */
export async function passThrough(gateway: GatewayContext, visit: Visit): Promise<void> {
  const { upstream } = chooseUpstream(gateway, undefined);
  const { request, response, record } = visit;
  record.upstream = upstream.name;
  const { method = "GET" } = request;
  const declared = request.headers["content-length"];
  const hasBody = declared !== undefined || request.headers["transfer-encoding"] !== undefined;
  const relay = new Relay({
    dispatcher: upstream.pool,
    request: {
      method,
      path: upstream.basePath + visit.path + visit.query,
      headers: headersFor(
        gateway,
        visit,
        upstream,
        NOTHING_DROPPED,
        declared === undefined ? undefined : Number(declared),
      ),
      body: hasBody ? request : null,
    },
    client: response,
    watch: undefined,
    hider: undefined,
    aggregator: undefined,
    mayAbort: true,
    onFirstToken: undefined,
  });
  const hangUp = (): void => relay.clientGone();
  response.presence.addEventListener("abort", hangUp);
  try {
    const result = await relay.result;
    if (result.kind === "gone") throw new ClientGone();
    if (result.kind === "failed") {
      if (result.failure.code === "upstream_unreachable") {
        upstream.unreachable();
        gateway.upstreams.recheck(upstream);
      }
      throw result.failure;
    }
  } finally {
    response.presence.removeEventListener("abort", hangUp);
  }
}
