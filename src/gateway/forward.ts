import type { Outgoing } from "../engines/engine.ts";
import { aggregator } from "../protocol/aggregate.ts";
import { watchAnswer, type AnswerWatch } from "../protocol/answer-watch.ts";
import { hider } from "../protocol/hide.ts";
import type { Place } from "./admission.ts";
import type { GatewayContext } from "./context.ts";
import { relayed } from "./relayed.ts";
import { headersFor } from "./upstream-headers.ts";
import type { Visit } from "./visit.ts";

/** A request that has its permit. */
export interface Granted extends Place {
  readonly outgoing: Outgoing;
  readonly body: Uint8Array;
  readonly waitedMs: number;
}

/** Relays a granted request and notes how it went. Settles as {@link relayed} does. */
export async function forward(gateway: GatewayContext, visit: Visit, granted: Granted): Promise<void> {
  const { upstream, route, facts, outgoing, body, priority, waitedMs } = granted;
  const { response, record, request } = visit;
  const streaming = facts.stream || outgoing.forceStream;
  const followed = route.work === "generate" && route.dialect !== "opaque";
  let watch: AnswerWatch | undefined;
  response.ownHeaders.push("X-Headgate-Priority", String(priority));
  response.ownHeaders.push("X-Headgate-Queue-Wait-Ms", String(Math.round(waitedMs)));
  try {
    await relayed(gateway, visit, upstream, {
      request: {
        method: request.method ?? "POST",
        path: upstream.basePath + visit.path + visit.query,
        headers: headersFor(gateway, visit, upstream, {
          // What is read on its way must not come compressed.
          dropHeaders: followed ? [...outgoing.dropHeaders, "accept-encoding"] : outgoing.dropHeaders,
          contentLength: body.length,
        }),
        body,
      },
      streaming,
      watch: followed ? (streamed) => (watch = watchAnswer(route.dialect, streamed, facts.n)) : undefined,
      hider: facts.stream ? hider(route.dialect, outgoing.hide) : undefined,
      aggregator: outgoing.forceStream ? aggregator(route.dialect, outgoing.hide) : undefined,
      mayAbort: upstream.engine.mayAbort({ streaming }),
      // A whole answer begins when it is complete: that is no first token.
      onFirstToken: streaming
        ? () => {
            record.firstTokenAt = gateway.clock.now();
            gateway.requests.changed(record);
          }
        : undefined,
    });
  } finally {
    record.promptTokens = watch?.usage.promptTokens;
    record.completionTokens = watch?.usage.completionTokens;
  }
}
