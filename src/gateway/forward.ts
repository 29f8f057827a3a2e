import type { Outgoing } from "../engines/engine.ts";
import { aggregator } from "../protocol/aggregate.ts";
import { watchAnswer, type AnswerWatch } from "../protocol/answer-watch.ts";
import { hider } from "../protocol/hide.ts";
import { Relay, type RelayResult } from "../relay/relay.ts";
import { UpstreamFailure } from "../relay/upstream-failure.ts";
import type { Place } from "./admission.ts";
import { ClientGone } from "./client-gone.ts";
import type { GatewayContext } from "./context.ts";
import { headersFor } from "./upstream-headers.ts";
import type { Visit } from "./visit.ts";

/** A request that has its permit. */
export interface Granted extends Place {
  readonly outgoing: Outgoing;
  readonly body: Uint8Array;
  readonly waitedMs: number;
}

/**
 * Relays a granted request and notes how it went. Rejects with an `UpstreamFailure` or `ClientGone`; resolves once the
 * client has its whole answer, whatever the answer's status.
 */
export async function forward(gateway: GatewayContext, visit: Visit, granted: Granted): Promise<void> {
  const { upstream, route, facts, outgoing, body } = granted;
  const { response, record } = visit;
  const streaming = facts.stream || outgoing.forceStream;
  const watch =
    route.work === "generate" && route.dialect !== "opaque"
      ? watchAnswer(route.dialect, streaming, facts.n)
      : undefined;
  response.ownHeaders.push(
    "X-Headgate-Priority",
    String(granted.priority),
    "X-Headgate-Queue-Wait-Ms",
    String(Math.round(granted.waitedMs)),
  );
  const relay = new Relay({
    dispatcher: upstream.pool,
    request: {
      method: visit.request.method ?? "POST",
      path: upstream.basePath + visit.path + visit.query,
      headers: headersFor(gateway, visit, upstream, outgoing, body.length),
      body,
    },
    client: response,
    watch,
    hider: facts.stream ? hider(route.dialect, outgoing.hide) : undefined,
    aggregator: outgoing.forceStream ? aggregator(route.dialect) : undefined,
    mayAbort: upstream.engine.mayAbort({ streaming }),
    onFirstToken: () => {
      record.firstTokenAt = gateway.clock.now();
      gateway.requests.changed(record);
    },
  });
  const hangUp = (): void => relay.clientGone();
  response.presence.addEventListener("abort", hangUp);
  try {
    judge(await relay.result, upstream, gateway);
  } finally {
    response.presence.removeEventListener("abort", hangUp);
    noteTokens(visit, watch);
  }
}

function judge(result: RelayResult, upstream: Place["upstream"], gateway: GatewayContext): void {
  switch (result.kind) {
    case "finished":
      return;
    case "gone":
      throw new ClientGone();
    case "failed":
      if (result.failure.code === "upstream_unreachable") {
        upstream.unreachable();
        gateway.upstreams.recheck(upstream);
      }
      throw result.failure;
    case "refused":
      throw new UpstreamFailure("upstream_failed", refusalText(result.status, result.body), true);
  }
}

/** The model server's own words, for a client that can only be told in-band. */
function refusalText(status: number, body: Uint8Array): string {
  const text = Buffer.from(body).toString("utf8").slice(0, 1000);
  return `the model server answered ${status}: ${text}`;
}

function noteTokens({ record }: Visit, watch: AnswerWatch | undefined): void {
  record.promptTokens = watch?.usage.promptTokens;
  record.completionTokens = watch?.usage.completionTokens;
}
