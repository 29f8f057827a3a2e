import type { IncomingMessage } from "node:http";
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import { classify } from "../classify.ts";
import type { Door } from "../entry.ts";
import type { Identity } from "../keys.ts";
import { Refused } from "../refused.ts";
import { openRecord } from "../request-record.ts";
import { waitLimitMs } from "../wait-limit.ts";
import { callerOf } from "./caller.ts";
import type { Control } from "./control.ts";
import { PermitConnection, type PermitCall } from "./permit-connection.ts";
import { gateFor } from "./permit-gate.ts";
import { PermitStream } from "./permit-stream.ts";
import { checkWishes, permitWish, yieldWish, type PermitWish, type YieldWish } from "./permit-wish.ts";

const MAX_BODY_BYTES = 16 * 1024;

interface Acquire {
  readonly Body: PermitWish;
  readonly Querystring: { readonly upstream?: string };
}

/** Where a request came in. */
type DoorOf = (request: IncomingMessage) => Door | undefined;

interface ById {
  readonly Params: { readonly id: string };
}

/**
 * Permits over HTTP, for work that is no request to a model: `POST /headgate/permits` answers with a stream, and as long as that
 * stream is open the permit is held (or waited for). `DELETE /headgate/permits/{id}` ends it too, `POST …/{id}/yield` steps aside,
 * `GET` tells whether it is held.
 *
 * A refusal before the first line is an ordinary HTTP error; a later one is the last line.
 */
export function permitRoutes(control: Control, doorOf: DoorOf): FastifyPluginAsync {
  const connections = new Map<string, PermitConnection>();

  /** The caller's own permit; an admin's are all. Those of others are as unknown as those that never were. */
  const find = (id: string, { client, role }: Identity, mayBeOthers: boolean): PermitConnection => {
    const connection = connections.get(id);
    if (connection !== undefined && (connection.client === client || (mayBeOthers && role === "admin")))
      return connection;
    const message = `permit ${id} is not held; it was released, it lost its connection, or it never was yours`;
    throw new Refused("refused", { status: 404, code: "permit_unknown", message });
  };

  return async (app) => {
    // Whatever it calls itself, as curl's -d does: the body is JSON, or empty.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", { parseAs: "string", bodyLimit: MAX_BODY_BYTES }, (_request, text, done) => {
      try {
        done(null, text === "" ? undefined : JSON.parse(text as string));
      } catch (error) {
        const message = `the body is not JSON: ${(error as Error).message}`;
        done(new Refused("refused", { status: 400, code: "invalid_json", message }));
      }
    });
    checkWishes(app);

    app.post<Acquire>("/headgate/permits", { schema: { body: permitWish } }, async (request, reply) => {
      const call = callFor(control, request, reply, doorOf(request.raw));
      const connection = new PermitConnection(control, call, () => connections.delete(connection.id));
      connections.set(connection.id, connection);
      await connection.open();
      return reply;
    });

    app.get<ById>("/headgate/permits/:id", async (request) => {
      const { id, isHeld } = find(request.params.id, callerOf(control, request), true);
      return { id, held: isHeld };
    });

    app.delete<ById>("/headgate/permits/:id", async (request) => {
      await find(request.params.id, callerOf(control, request), true).release();
      return { released: true };
    });

    app.post<ById & { readonly Body: YieldWish }>(
      "/headgate/permits/:id/yield",
      { schema: { body: yieldWish } },
      async (request) => {
        const connection = find(request.params.id, callerOf(control, request), false);
        return { kept: await connection.yield(request.body.timeoutMs) };
      },
    );
  };
}

function callFor(
  control: Control,
  request: FastifyRequest<Acquire>,
  reply: FastifyReply,
  door: Door | undefined,
): PermitCall {
  const { config, clock, requests } = control;
  const identity = callerOf(control, request);
  const group = gateFor(control, request.query.upstream);
  const { label, preemptible, ...wish } = request.body;
  const record = openRecord("POST", "/headgate/permits", clock.now());
  const claims = {
    request: request.raw,
    identity,
    path: record.path,
    prefixPriority: wish.priority,
    listenerPriority: door?.priority,
  };
  const { priority, source } = classify(config, claims, { model: undefined, serviceTier: undefined });
  record.client = identity.client;
  record.gate = group.gate.name;
  record.priority = priority;
  record.prioritySource = source.replace(/^path\b/, "body");
  requests.open(record);
  const limits = [waitLimitMs(config, claims, priority), wish.timeoutMs].filter((limit) => limit !== undefined);
  const stream = new PermitStream(reply.raw, {
    clock,
    heartbeatMs: config.queue.heartbeatAfterMs,
    headers: ["X-Headgate-Request-Id", record.id],
    onBegin: () => void reply.hijack(),
  });
  return {
    group,
    client: identity.client,
    priority,
    label,
    preemptible,
    timeoutMs: limits.length === 0 ? undefined : Math.min(...limits),
    stream,
    record,
  };
}
