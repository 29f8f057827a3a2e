import { Readable } from "node:stream";
import type { Asking, LineAnswer, LineRequest } from "../batch/ask.ts";
import { recognise } from "../protocol/route.ts";
import { headerOf } from "../relay/answer-form.ts";
import { ClientGone } from "./client-gone.ts";
import { ClientResponse } from "./client-response.ts";
import type { GatewayContext } from "./context.ts";
import { InsideAnswer } from "./inside-answer.ts";
import type { Identity } from "./keys.ts";
import { openRecord, type Outcome, type RequestRecord } from "./request-record.ts";
import type { ClientRequest, Visit } from "./visit.ts";
import { refusalOf } from "./wire-errors.ts";
import { serveWork } from "./work-door.ts";

/** When no gate was asked there is no measured time to tell. */
const RETRY_SECONDS = 1;

/** The client of batches where the gateway has no keys. */
const NOBODY = "local";

/**
 * Sends a line of a batch the way of every other request: classified, waiting at the gate, relayed, logged and counted. Only the network in
 * front of the gateway is left out. Its priority is the batch's, and its key's limits on waiting do not apply: nobody waits for it.
 */
export function askInside(gateway: GatewayContext, line: LineRequest): Asking {
  const answer = new InsideAnswer();
  const { request, response, record, ...rest } = visitOf(gateway, line, answer);
  gateway.requests.open(record);
  let calledOff = false;
  // The answer ends a moment after the request has been served.
  const over = serve(gateway, { request, response, record, ...rest }).then(() => answer.closed);
  const done = over.then((): LineAnswer => {
    if (calledOff && !answer.writableFinished) return { kind: "calledOff" };
    return answer.writableFinished ? answered(answer) : { kind: "cut" };
  });
  return {
    answer: done,
    get running() {
      return record.grantedAt !== undefined;
    },
    callOff: () => {
      calledOff = true;
      answer.destroy();
    },
  };
}

function visitOf({ clock }: GatewayContext, line: LineRequest, answer: InsideAnswer): Visit {
  const { id, tenant, path, priority, body } = line;
  const headers = { "content-type": "application/json", "x-headgate-priority": String(priority) };
  const head = {
    method: "POST",
    headers,
    rawHeaders: ["Content-Type", "application/json"],
    complete: true,
  };
  const request: ClientRequest = Object.assign(Readable.from([body], { objectMode: false }), head);
  const record = openRecord("POST", path, clock.now(), id);
  record.client = tenant === "" ? NOBODY : tenant;
  const identity: Identity = {
    client: record.client,
    role: "user",
    priority: undefined,
    ceiling: undefined,
    maxWaitMs: undefined,
  };
  return {
    request,
    response: new ClientResponse(request, answer),
    record,
    path,
    query: "",
    prefixPriority: undefined,
    permitId: undefined,
    listenerPriority: undefined,
    identity,
  };
}

/** Never rejects: everything ends in the answer. */
async function serve(gateway: GatewayContext, visit: Visit): Promise<void> {
  const { record, response } = visit;
  const recognised = recognise("POST", visit.path);
  if (recognised.kind !== "work") throw new Error(`${visit.path} is no work for a model`);
  try {
    await serveWork(gateway, visit, recognised.route);
    close(gateway, record, "finished", response.status);
  } catch (error) {
    if (error instanceof ClientGone || response.presence.aborted) {
      return close(gateway, record, "client_closed", 499);
    }
    const group = gateway.upstreams.all.find(({ name }) => name === record.upstream)?.group;
    const refusal = refusalOf(error, group?.retryAfterSeconds() ?? RETRY_SECONDS);
    if (refusal.outcome === "internal_error") gateway.log.error({ err: error, request: record.id }, "request failed");
    response.fail({ ...refusal.error, requestId: record.id }, recognised.route);
    close(gateway, record, refusal.outcome, response.status);
  }
}

function close({ clock, requests }: GatewayContext, record: RequestRecord, outcome: Outcome, status: number): void {
  record.outcome = outcome;
  record.status = status;
  record.endedAt = clock.now();
  requests.close(record);
}

function answered({ status, headers, body }: InsideAnswer): LineAnswer {
  const seconds = Number(headerOf(headers, "retry-after"));
  return {
    kind: "answered",
    status,
    body,
    retryAfterMs: Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined,
  };
}
