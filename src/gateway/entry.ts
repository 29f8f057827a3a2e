import type { IncomingMessage, ServerResponse } from "node:http";
import { stripPrefixes } from "../protocol/path-prefix.ts";
import { recognise, type Recognised, type Route } from "../protocol/route.ts";
import { ClientGone } from "./client-gone.ts";
import { ClientResponse } from "./client-response.ts";
import type { GatewayContext } from "./context.ts";
import { answerPreflight, isPreflight, readableBy } from "./cross-origin.ts";
import { answerModels } from "./models-route.ts";
import { passThrough } from "./pass-through.ts";
import type { Refusal } from "./refused.ts";
import { openRecord, type RequestRecord } from "./request-record.ts";
import { discardRest } from "./unread-body.ts";
import { HOP_HEADER } from "./upstream-headers.ts";
import type { Visit } from "./visit.ts";
import { badRequest, refusalOf } from "./wire-errors.ts";
import { serveWork } from "./work-door.ts";

/** Where the request came in. */
export interface Door {
  readonly priority: number | undefined;
}

/** How an error is dressed. */
type Dress = Pick<Route, "dialect" | "family">;

/** Answers Headgate's own routes. */
export interface ControlHandler {
  /** Whether this path of OpenAI's API is Headgate's own here. */
  takes(path: string): boolean;
  handle(request: IncomingMessage, response: ServerResponse, door: OwnDoor): void;
}

/** Where a request for one of Headgate's own routes came in. */
export interface OwnDoor extends Door {
  /** From a path prefix: `/background/…`. */
  readonly prefixPriority?: number | undefined;
}

/**
 * The way in: checks who calls and where it goes, and sees to it that every request ends in an answer, a record and nothing left
 * behind. Requests of Headgate's own routes are handed to `control`.
 */
export class Entry {
  readonly #gateway: GatewayContext;
  readonly #control: ControlHandler;
  /** Answers that their clients have not read to the end. Headgate's own, some of them endless, do not count. */
  #unanswered = 0;
  #noneLeft: PromiseWithResolvers<void> | undefined;

  constructor(gateway: GatewayContext, control: ControlHandler) {
    this.#gateway = gateway;
    this.#control = control;
  }

  handle(request: IncomingMessage, response: ServerResponse, door: Door): void {
    const { hosts } = this.#gateway;
    const [path, query] = splitTarget(request.url ?? "/");
    const prefixed = stripPrefixes(path);
    const objection = hosts.objection(request.headers.host, request.headers.origin);
    if (objection === undefined && this.#handsOver(request, response, door)) return;
    this.#unanswered++;
    response.once("close", () => this.#answered());
    const client = new ClientResponse(request, response);
    const record = openRecord(request.method ?? "GET", prefixed.path, this.#gateway.clock.now());
    client.ownHeaders.push("X-Headgate-Request-Id", record.id);
    const { origin } = request.headers;
    if (objection === undefined && origin !== undefined) client.ownHeaders.push(...readableBy(origin));
    this.#gateway.requests.open(record);
    const recognised = recognise(record.method, prefixed.path);
    const dress = dressOf(recognised, prefixed.path);
    if (objection === undefined && isPreflight(request)) {
      answerPreflight(request, client);
      this.#close(record, "finished", client.status);
      return discardRest(request, this.#gateway.clock);
    }
    const refused = objection === undefined ? this.#refusal(request) : badRequest(403, "forbidden", objection);
    if (refused !== undefined) {
      this.#refuse(client, record, dress, refused);
      return discardRest(request, this.#gateway.clock);
    }
    const identity = this.#gateway.keys.identify(request.headers)!;
    record.client = identity.client;
    const visit: Visit = {
      request,
      response: client,
      record,
      path: prefixed.path,
      query,
      prefixPriority: prefixed.priority,
      permitId: prefixed.permit ?? request.headers["x-headgate-permit"]?.toString(),
      listenerPriority: door.priority,
      identity,
    };
    void this.#serve(visit, recognised, dress).finally(() => discardRest(request, this.#gateway.clock));
  }

  /**
   * Gives Headgate's own routes to who answers them. Those of OpenAI's API are reached by any base URL, and read by pages that may call;
   * a page that asks first is answered as everywhere.
   */
  #handsOver(request: IncomingMessage, response: ServerResponse, door: Door): boolean {
    const [path, query] = splitTarget(request.url ?? "/");
    if (isOwn(path)) {
      this.#control.handle(request, response, door);
      return true;
    }
    const prefixed = stripPrefixes(path);
    if (isPreflight(request) || !this.#control.takes(prefixed.path)) return false;
    request.url = prefixed.path + query;
    const { origin } = request.headers;
    const headers = origin === undefined ? [] : readableBy(origin);
    for (let index = 0; index < headers.length; index += 2) response.setHeader(headers[index]!, headers[index + 1]!);
    this.#control.handle(request, response, { ...door, prefixPriority: prefixed.priority });
    return true;
  }

  /** Resolves once no client is waiting for an answer, or for the rest of one. */
  async allAnswered(): Promise<void> {
    if (this.#unanswered === 0) return;
    this.#noneLeft ??= Promise.withResolvers();
    await this.#noneLeft.promise;
  }

  #answered(): void {
    this.#unanswered--;
    if (this.#unanswered === 0) this.#noneLeft?.resolve();
  }

  async #serve(visit: Visit, recognised: Recognised, dress: Dress): Promise<void> {
    const { record, response } = visit;
    try {
      if (recognised.kind === "work") await serveWork(this.#gateway, visit, recognised.route);
      else if (recognised.kind === "models") await answerModels(this.#gateway, visit, recognised);
      else await passThrough(this.#gateway, visit);
      this.#close(record, "finished", response.status);
    } catch (error) {
      if (error instanceof ClientGone || response.presence.aborted) this.#close(record, "client_closed", 499);
      else this.#refuse(response, record, dress, this.#refusalOf(error, record));
    }
  }

  #refusal(request: IncomingMessage): Refusal | undefined {
    const { keys, instance } = this.#gateway;
    if (keys.identify(request.headers) === undefined) {
      const message = "a valid key is needed: send it as Authorization: Bearer KEY, or as x-api-key";
      return badRequest(401, "invalid_api_key", message);
    }
    if (request.headers[HOP_HEADER.toLowerCase()]?.toString().includes(instance) === true) {
      const message = "this request came back to the gateway it left from: an upstream is this gateway itself";
      return badRequest(508, "loop_detected", message);
    }
    return undefined;
  }

  #refusalOf(error: unknown, record: RequestRecord): Refusal {
    const group = this.#gateway.upstreams.all.find(({ name }) => name === record.upstream)?.group;
    const refusal = refusalOf(error, group?.retryAfterSeconds() ?? 1);
    if (refusal.outcome === "internal_error")
      this.#gateway.log.error({ err: error, request: record.id }, "request failed");
    return refusal;
  }

  #refuse(response: ClientResponse, record: RequestRecord, dress: Dress, { outcome, error }: Refusal): void {
    response.fail({ ...error, requestId: record.id }, dress);
    this.#close(record, outcome, response.status);
  }

  #close(record: RequestRecord, outcome: RequestRecord["outcome"], status: number): void {
    record.outcome = outcome;
    record.status = status;
    record.endedAt = this.#gateway.clock.now();
    this.#gateway.requests.close(record);
  }
}

/** The path as received and the query with its question mark. Proxies may send the whole URL (RFC 9112 §3.2.2). */
function splitTarget(target: string): [path: string, query: string] {
  const start = /^https?:\/\/[^/?]*/i.exec(target)?.[0].length ?? 0;
  const mark = target.indexOf("?", start);
  const path = target.slice(start, mark === -1 ? undefined : mark);
  return [path === "" ? "/" : path, mark === -1 ? "" : target.slice(mark)];
}

function isOwn(path: string): boolean {
  return path === "/health" || path === "/metrics" || path === "/headgate" || path.startsWith("/headgate/");
}

function dressOf(recognised: Recognised, path: string): Dress {
  if (recognised.kind === "work") return recognised.route;
  return { dialect: "opaque", family: path.startsWith("/api/") ? "ollama" : "openai" };
}
