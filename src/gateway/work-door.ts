import type { Outgoing, OutgoingRequest } from "../engines/engine.ts";
import { unknownEngine } from "../engines/unknown.ts";
import { Priority } from "../gate/index.ts";
import { topLevelFields } from "../protocol/json-fields.ts";
import { JsonReader } from "../protocol/json-reader.ts";
import { readFacts, type RequestFacts } from "../protocol/request-facts.ts";
import type { Route } from "../protocol/route.ts";
import { splice, type Edit } from "../protocol/splice.ts";
import { Admission, type Place } from "./admission.ts";
import type { StoredBody } from "./body-budget.ts";
import { classify } from "./classify.ts";
import { ClientGone } from "./client-gone.ts";
import type { GatewayContext } from "./context.ts";
import { chooseUpstream } from "./choose-upstream.ts";
import { forward } from "./forward.ts";
import { countsAsOne } from "./own-load.ts";
import { readBody } from "./read-body.ts";
import { Refused } from "./refused.ts";
import { retryKey } from "./retries.ts";
import type { Upstream } from "./upstream.ts";
import type { Visit } from "./visit.ts";

/**
 * Work for the model, from its first byte to its last: read, classify, choose a server, wait for a permit, relay, release.
 *
 * Rejects with what {@link refusalOf} turns into an answer, or with {@link ClientGone}. Whatever happens, the permit is back
 * and the body is freed when the promise settles.
 */
export async function serveWork(gateway: GatewayContext, visit: Visit, route: Route): Promise<void> {
  const { record, response } = visit;
  const { place, outgoing, stored } = await prepare(gateway, visit, route);
  const admission = new Admission(gateway, visit, place);
  try {
    using permit = await admission.enter();
    if (response.presence.aborted) throw new ClientGone();
    record.grantedAt = gateway.clock.now();
    record.state = "running";
    gateway.requests.changed(record);
    await forward(gateway, visit, { place, permit, outgoing, body: await stored.bytes() });
  } catch (error) {
    admission.keepPlace();
    throw error;
  } finally {
    admission.leave();
    stored.dispose();
  }
}

/** A request that is ready to wait. Nothing in it refers to the bytes of the body, which may wait on disk. */
interface Prepared {
  readonly place: Place;
  readonly outgoing: Outgoing;
  readonly stored: StoredBody;
}

/** A function of its own, so that the body it read is garbage once it has returned. */
async function prepare(gateway: GatewayContext, visit: Visit, asked: Route): Promise<Prepared> {
  const { record, request } = visit;
  const route = readable(asked, request.headers["content-encoding"]);
  record.dialect = route.dialect;
  const received = await readBody(request, gateway.config.limits.bodyBytes, gateway.clock);
  const fields = route.body === "json" ? topLevelFields(received) : undefined;
  const facts = { ...readFacts(route, received, fields), ...(route !== asked && MAY_STREAM) };
  const reader = fields && new JsonReader(fields);
  const classification = classify(gateway.config, visit, facts, (name) => gateway.upstreams.serves(name));
  gateway.requests.classified(classification, record.client);
  record.priority = classification.priority;
  record.prioritySource = classification.source;
  // Also of a request that nobody serves: whoever reads the log wants to know what was asked for.
  record.model = classification.model;
  const { upstream, model } = chooseUpstream(gateway, classification.model);
  record.model = model ?? facts.model;
  record.upstream = upstream.name;
  record.countsAsOne = countsAsOne(route, facts);
  record.gate = upstream.group.gate.name;
  const { priority } = classification;
  const parkable = isParkable(gateway, upstream, route, priority);
  const form = upstream.formOf(route.dialect, record.model);
  const sent = { route, facts, body: reader, priority, parkable, form };
  const outgoing = upstream.engine.outgoing(sent);
  const body = fields === undefined ? received : splice(received, editsFor(facts, model, outgoing.edits), fields);
  gateway.requests.changed(record);
  const stored = await store(gateway, upstream, body);
  const mayStop = upstream.engine.mayAbort({ streaming: facts.stream || outgoing.forceStream });
  const key = retryKey(visit, received);
  const needed = loadedFor(upstream, record.model, sent);
  return {
    place: { upstream, route, facts, priority, model: needed, retryKey: key, parkable: parkable && mayStop },
    outgoing,
    stored,
  };
}

/**
 * Whether a request may be asked to step aside at all: only if that was wished for, never a person's, and not at a server of which
 * nobody knows what an abort does to it.
 */
function isParkable({ config }: GatewayContext, upstream: Upstream, route: Route, priority: number): boolean {
  if (!(upstream.preempt ?? config.preempt.enabled) || upstream.watchdog.stuck) return false;
  if (upstream.engine === unknownEngine) return false;
  return route.work === "generate" && route.dialect !== "opaque" && priority > Priority.FOREGROUND;
}

/** Named apart from other servers' on the same gate. */
function loadedFor(
  { engine, name }: Upstream,
  model: string | undefined,
  request: OutgoingRequest,
): string | undefined {
  return model === undefined || engine.loadedFor === undefined
    ? undefined
    : `${name} ${engine.loadedFor(model, request)}`;
}

/** What must be reckoned with when a body cannot be read. */
const MAY_STREAM: Partial<RequestFacts> = { stream: true };

/** Ollama takes compressed bodies. They are gated like any other and pass as they are, with nothing known of what they ask. */
function readable(route: Route, contentEncoding: string | undefined): Route {
  if (contentEncoding === undefined || contentEncoding === "identity") return route;
  return { ...route, dialect: "opaque", body: "opaque" };
}

/** A model alias is rewritten only where it changed something: bodies go as they came. */
function editsFor(facts: RequestFacts, model: string | undefined, edits: readonly Edit[]): readonly Edit[] {
  if (model === undefined || model === facts.model) return edits;
  return [...edits, { set: "model", value: model }];
}

/** @throws {Refused} 503 when the disk takes no more. */
async function store({ bodies, log }: GatewayContext, upstream: Upstream, body: Uint8Array): Promise<StoredBody> {
  if (bodies.fits(body.length)) return bodies.keep(body);
  try {
    return await bodies.spool(body);
  } catch (error) {
    log.error({ err: error }, "a request body could not be put on disk");
    const message =
      "too many large requests wait, and the disk takes no more of them: retry later; " +
      "whoever runs this gateway can make room in its temporary folder (TMPDIR), or raise limits.queuedBodyBytes";
    const retryAfterSeconds = upstream.group.retryAfterSeconds();
    throw new Refused("refused", { status: 503, code: "queue_storage_failed", message, retryAfterSeconds });
  }
}
