import { chooseUpstream } from "./choose-upstream.ts";
import type { GatewayContext } from "./context.ts";
import { relayed } from "./relayed.ts";
import { headersFor } from "./upstream-headers.ts";
import type { Visit } from "./visit.ts";

/**
 * Everything that is no work for the model: forwarded as it comes, in both directions, without a permit, without a limit on its
 * size and without being read. `/api/blobs` uploads of many gigabytes go this way. Settles as {@link relayed} does.
 */
export async function passThrough(gateway: GatewayContext, visit: Visit): Promise<void> {
  const { upstream } = chooseUpstream(gateway, undefined);
  const { request, record } = visit;
  record.upstream = upstream.name;
  const declared = request.headers["content-length"];
  const hasBody = declared !== undefined || request.headers["transfer-encoding"] !== undefined;
  const contentLength = declared === undefined ? undefined : Number(declared);
  await relayed(gateway, visit, upstream, {
    request: {
      method: request.method ?? "GET",
      path: upstream.basePath + visit.path + visit.query,
      headers: headersFor(gateway, visit, upstream, { contentLength }),
      body: hasBody ? request : null,
    },
    streaming: false,
    watch: undefined,
    stitcher: undefined,
    hider: undefined,
    aggregator: undefined,
    mayAbort: true,
    onHead: undefined,
    onFirstToken: undefined,
  });
}
