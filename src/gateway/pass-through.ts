import type { GatewayContext } from "./context.ts";
import { serverFor, type Asked } from "./named-model.ts";
import { relayed } from "./relayed.ts";
import { headersFor } from "./upstream-headers.ts";
import type { Visit } from "./visit.ts";

/**
 * Everything that is no work for the model: forwarded as it comes, in both directions, without a permit and without a limit on its
 * size. `/api/blobs` uploads of many gigabytes go this way. Only a short question about a model is read, for the name in it. Settles
 * as {@link relayed} does.
 *
 * @param known - where it goes, if that is known already.
 */
export async function passThrough(gateway: GatewayContext, visit: Visit, known?: Asked): Promise<void> {
  const { request, record } = visit;
  const { upstream, body } = known ?? (await serverFor(gateway, visit));
  record.upstream = upstream.name;
  await relayed(gateway, visit, upstream, {
    request: {
      method: request.method ?? "GET",
      path: upstream.basePath + visit.path + visit.query,
      headers: headersFor(gateway, visit, upstream, { contentLength: body?.length ?? declaredLength(visit) }),
      body: body ?? (hasBody(visit) ? request : null),
    },
    streaming: false,
    watch: undefined,
    stitcher: undefined,
    hider: undefined,
    aggregator: undefined,
    mayAbort: true,
    isBusy: () => false,
    patient: false,
    onAbort: undefined,
    onHead: undefined,
    onFirstToken: undefined,
  });
}

function declaredLength({ request: { headers } }: Visit): number | undefined {
  const declared = headers["content-length"];
  return declared === undefined ? undefined : Number(declared);
}

function hasBody({ request: { headers } }: Visit): boolean {
  return headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
}
