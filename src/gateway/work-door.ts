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
import { readBody } from "./read-body.ts";
import type { Visit } from "./visit.ts";

/**
 * Work for the model, from its first byte to its last: read, classify, choose a server, wait for a permit, relay, release.
 *
 * Rejects with what {@link refusalOf} turns into an answer, or with {@link ClientGone}. Whatever happens, the permit is back
 * and the body is freed when the promise settles.
 */
export async function serveWork(gateway: GatewayContext, visit: Visit, route: Route): Promise<void> {
  const { record, response, request } = visit;
  record.dialect = route.dialect;
  const received = await readBody(request, gateway.config.limits.bodyBytes);
  const fields = route.body === "json" ? topLevelFields(received) : undefined;
  const facts = readFacts(route, received, fields);
  const reader = fields && new JsonReader(fields);
  const classification = classify(gateway.config, visit, facts, (name) => gateway.upstreams.serves(name));
  gateway.requests.classified(classification, record.client);
  record.priority = classification.priority;
  record.prioritySource = classification.source;
  const { upstream, model } = chooseUpstream(gateway, classification.model);
  record.model = model ?? facts.model;
  record.upstream = upstream.name;
  record.gate = upstream.group.gate.name;
  const outgoing = upstream.engine.outgoing({ route, facts, body: reader, priority: classification.priority });
  const body = fields === undefined ? received : splice(received, editsFor(facts, model, outgoing.edits), fields);
  gateway.requests.changed(record);

  const stored = await store(gateway, body);
  try {
    const place: Place = { upstream, route, facts, priority: classification.priority };
    using permit = await new Admission(gateway, visit, place).enter();
    if (response.presence.aborted) throw new ClientGone();
    record.grantedAt = gateway.clock.now();
    record.state = "running";
    gateway.requests.changed(record);
    await forward(gateway, visit, { ...place, outgoing, body: await stored.bytes(), waitedMs: permit.waitedMs });
  } finally {
    stored.dispose();
  }
}

/** A model alias is rewritten only where it changed something: bodies go as they came. */
function editsFor(facts: RequestFacts, model: string | undefined, edits: readonly Edit[]): readonly Edit[] {
  if (model === undefined || model === facts.model) return edits;
  return [...edits, { set: "model", value: model }];
}

async function store({ bodies }: GatewayContext, body: Uint8Array): Promise<StoredBody> {
  return bodies.fits(body.length) ? bodies.keep(body) : bodies.spool(body);
}
