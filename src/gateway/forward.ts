import type { Outgoing } from "../engines/engine.ts";
import type { Permit } from "../gate/index.ts";
import { aggregator } from "../protocol/aggregate.ts";
import type { Usage } from "../protocol/answer-notes.ts";
import { watchAnswer, type AnswerWatch } from "../protocol/answer-watch.ts";
import { hider } from "../protocol/hide.ts";
import { Stitcher } from "../protocol/stitch.ts";
import type { JsonObject } from "../protocol/untrusted-json.ts";
import type { UpstreamRequest } from "../relay/attempt.ts";
import type { RelayResult } from "../relay/relay-job.ts";
import type { Place } from "./admission.ts";
import { BusyServer } from "./busy-server.ts";
import { ClientGone } from "./client-gone.ts";
import type { GatewayContext } from "./context.ts";
import { judge, OpenRelay, type RelayWork } from "./relayed.ts";
import { RunNames } from "./run-names.ts";
import { StepAside } from "./step-aside.ts";
import { headersFor } from "./upstream-headers.ts";
import type { Visit } from "./visit.ts";
import type { RunPlan } from "./way-on.ts";

/** A request that has its permit. */
export interface Granted {
  readonly place: Place;
  readonly permit: Permit;
  readonly outgoing: Outgoing;
  readonly body: Uint8Array;
}

/**
 * Relays a granted request, in one run of the model or, if it has to step aside, in several, and notes how it went. Rejects with
 * an `UpstreamFailure`, a `GateError` of a wait in between, or `ClientGone`.
 */
export async function forward(gateway: GatewayContext, visit: Visit, granted: Granted): Promise<void> {
  const { place, permit, body } = granted;
  const { response, record } = visit;
  // It may have left while its body was read back from disk.
  if (response.presence.aborted) throw new ClientGone();
  response.ownHeaders.push("X-Headgate-Priority", String(place.priority));
  response.ownHeaders.push("X-Headgate-Queue-Wait-Ms", String(Math.round(permit.waitedMs)));
  const names = new RunNames(place.upstream, place.route, record.id);
  const { work, usage, whole } = workOf(gateway, visit, granted, names);
  using open = new OpenRelay(gateway, visit, place.upstream, work);
  const { relay } = open;
  const { stitcher } = work;
  const aside = place.parkable ? new StepAside({ gateway, visit, place, permit, relay, stitcher, body }) : undefined;
  const send = async (plan: RunPlan): Promise<RelayResult> => {
    const request = requestOf(gateway, visit, granted, { ...plan, body: names.give(plan.body) });
    const result = relay.run(request, plan.kind, plan.joint);
    place.upstream.watchdog.sent();
    return aside === undefined ? result : aside.during(result);
  };
  try {
    await aside?.prove();
    const busy = new BusyServer({ gateway, visit, place, relay });
    const result = await runs({ body, kind: "afresh" }, { send, aside, busy });
    judge(result, place.upstream, gateway);
    learnForm(granted, record.model, whole());
  } finally {
    ({ promptTokens: record.promptTokens, completionTokens: record.completionTokens } = usage());
  }
}

/** How the runs of one request come about. */
interface Means {
  readonly send: (plan: RunPlan) => Promise<RelayResult>;
  readonly aside: StepAside | undefined;
  readonly busy: BusyServer;
}

/** One run, and another whenever the last one stepped aside, would not go on or came too early. Returns how the last of them ended. */
async function runs(first: RunPlan, { send, aside, busy }: Means): Promise<RelayResult> {
  let plan = first;
  for (;;) {
    const result = await send(plan);
    if (result.kind === "busy") await busy.pass();
    else if (aside !== undefined && result.kind === "parked") plan = await aside.comeBack();
    else if (aside !== undefined && plan.kind === "behind" && willNotGoOn(result)) {
      plan = await aside.otherwise(plan.path === undefined ? "chat" : "raw", result);
    } else return result;
  }
}

/**
 * A server that loads or has too much to do says nothing about going on, and would not begin anew either. One that was to say the end
 * of what it had said once more, and did not, has told its client nothing yet.
 */
function willNotGoOn(result: RelayResult): boolean {
  if (result.kind === "contradicted") return true;
  return result.kind === "refused" && result.status !== 503 && result.status !== 429;
}

interface Work {
  readonly work: RelayWork;
  /** Of all runs together, as far as the engine told. */
  readonly usage: () => Usage;
  /** The answer, where it did not come as a stream. */
  readonly whole: () => JsonObject | undefined;
}

function workOf(gateway: GatewayContext, { record }: Visit, { place, outgoing }: Granted, names: RunNames): Work {
  const { upstream, route, facts, parkable } = place;
  const streaming = facts.stream || outgoing.forceStream;
  const stitcher = parkable && streaming ? new Stitcher(route.dialect) : undefined;
  let watch: AnswerWatch | undefined;
  const work: RelayWork = {
    streaming,
    watch: isFollowed(place) ? (streamed) => (watch = watchAnswer(route.dialect, streamed, facts.n)) : undefined,
    stitcher,
    hider: facts.stream ? hider(route.dialect, outgoing.hide) : undefined,
    aggregator: outgoing.forceStream ? () => aggregator(route.dialect, outgoing.hide, outgoing.form) : undefined,
    mayAbort: upstream.engine.mayAbort({ streaming }),
    isBusy: (status, said) => upstream.engine.isBusy?.(status, said) === true || (record.parks > 0 && status === 503),
    patient: upstream.engine.isBusy !== undefined,
    onAbort: () => {
      upstream.watchdog.aborted();
      upstream.cancel({ request: names.current, answer: stitcher?.answerId });
    },
    onHead: () => upstream.watchdog.heard(),
    // A whole answer begins when it is complete: that is no first token.
    onFirstToken: streaming
      ? () => {
          record.firstTokenAt = gateway.clock.now();
          gateway.requests.changed(record);
        }
      : undefined,
  };
  return { work, usage: () => ({ ...watch?.usage, ...stitcher?.usage }), whole: () => watch?.whole };
}

/** The first whole answer shows what the next are like, if nothing in it was asked for specially. */
function learnForm({ place }: Granted, model: string | undefined, whole: JsonObject | undefined): void {
  const { upstream, route, facts } = place;
  if (upstream.engine.learnsForm !== true || whole === undefined || !("choices" in whole)) return;
  if (facts.n === 1 && !facts.logprobs && !facts.tools) upstream.sawWhole(route.dialect, model, whole);
}

/** Whether the answer is read on its way. */
function isFollowed({ route }: Place): boolean {
  return route.work === "generate" && route.dialect !== "opaque";
}

function requestOf(gateway: GatewayContext, visit: Visit, granted: Granted, { body, path }: RunPlan): UpstreamRequest {
  const { place, outgoing } = granted;
  const { upstream } = place;
  return {
    method: visit.request.method ?? "POST",
    path: upstream.basePath + (path ?? visit.path + visit.query),
    headers: headersFor(gateway, visit, upstream, {
      // What is read on its way must not come compressed.
      dropHeaders: isFollowed(place) ? [...outgoing.dropHeaders, "accept-encoding"] : outgoing.dropHeaders,
      contentLength: body.length,
    }),
    body,
  };
}
