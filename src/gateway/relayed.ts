import type { RelayJob, RelayResult } from "../relay/relay-job.ts";
import { MOST_SILENCE_MS, Relay } from "../relay/relay.ts";
import type { UpstreamRequest } from "../relay/attempt.ts";
import { UpstreamFailure } from "../relay/upstream-failure.ts";
import { ClientGone } from "./client-gone.ts";
import type { GatewayContext } from "./context.ts";
import type { Upstream } from "./upstream.ts";
import type { Visit } from "./visit.ts";

/** What of a relay's job depends on the request alone. */
export type RelayWork = Omit<RelayJob, "dispatcher" | "client" | "clock" | "onGivenUp">;

/** A relay between `upstream` and the client of `visit`, which hears when the client hangs up until it is disposed of. */
export class OpenRelay implements Disposable {
  readonly relay: Relay;
  readonly #hangUp: () => void;
  readonly #visit: Visit;

  constructor(gateway: GatewayContext, visit: Visit, upstream: Upstream, work: RelayWork) {
    this.#visit = visit;
    this.relay = new Relay({
      ...work,
      dispatcher: upstream.pool,
      client: visit.response,
      clock: gateway.clock,
      onGivenUp: () => {
        const about = { upstream: upstream.name, request: visit.record.id, silentMs: MOST_SILENCE_MS };
        gateway.log.warn(about, GIVEN_UP);
      },
    });
    this.#hangUp = () => this.relay.clientGone();
    visit.response.presence.addEventListener("abort", this.#hangUp);
  }

  [Symbol.dispose](): void {
    this.#visit.response.presence.removeEventListener("abort", this.#hangUp);
  }
}

/**
 * Relays one request to `upstream` while its client stays. Resolves once the client has its whole answer, whatever the answer's
 * status; rejects with an `UpstreamFailure` or {@link ClientGone}.
 */
export async function relayed(
  gateway: GatewayContext,
  visit: Visit,
  upstream: Upstream,
  { request, ...work }: RelayWork & { readonly request: UpstreamRequest },
): Promise<void> {
  // It may have left meanwhile.
  if (visit.response.presence.aborted) throw new ClientGone();
  using open = new OpenRelay(gateway, visit, upstream, work);
  judge(await open.relay.run(request), upstream, gateway);
}

/** Turns the end of a last run into an error, unless it was a good one. */
export function judge(result: RelayResult, upstream: Upstream, gateway: GatewayContext): void {
  switch (result.kind) {
    case "finished":
      return;
    case "gone":
    case "busy":
    case "parked":
      throw new ClientGone();
    case "failed":
      if (result.failure.code === "upstream_unreachable" && upstream.health !== "down") {
        upstream.unreachable();
        // Once: those that fail after this one say nothing new.
        gateway.upstreams.recheck(upstream);
      }
      throw result.failure;
    case "contradicted":
      throw new UpstreamFailure("resume_failed", CONTRADICTED, true);
    case "refused":
      throw new UpstreamFailure("upstream_failed", refusalText(result.status, result.body), true);
  }
}

const GIVEN_UP =
  "the model server said nothing more to a request whose client has left; its connection is closed and its permit passed on. If " +
  "later requests get no answer either, the server has lost the slot: restart it";

const CONTRADICTED =
  "the request stepped aside for a sooner one, and the model server could neither go on with its answer nor give the same one " +
  "again; ask again";

/** The model server's own words, for a client that can only be told in-band. */
function refusalText(status: number, body: Uint8Array): string {
  return `the model server answered ${status}: ${Buffer.from(body).toString("utf8").slice(0, 1000)}`;
}
