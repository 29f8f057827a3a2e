import type { FastifyPluginAsync } from "fastify";
import { Refused } from "../refused.ts";
import { callerOf } from "./caller.ts";
import type { Control } from "./control.ts";
import { explanationOf } from "./explanation.ts";
import { Explanations } from "./explanations.ts";
import { mayKnow } from "./request-view.ts";
import { statusFor, statusOf } from "./status-of.ts";

/**
 * `GET /headgate/status`: every model server, gate, holder and waiter. `GET /headgate/requests/{id}`: one request, also shortly after
 * its end, and why it waited. Any valid key may ask; of the requests of others only an admin learns whose they are.
 */
export function statusRoutes(control: Control): FastifyPluginAsync {
  const { gates, requests } = control;
  const explanations = new Explanations(gates, requests, (priority) => priority <= control.config.queue.foregroundUpTo);
  requests.follow(explanations);

  return async (app) => {
    app.get("/headgate/status", async (request, reply) => {
      const identity = callerOf(control, request);
      reply.header("Cache-Control", "no-store");
      return statusFor(identity, statusOf(control));
    });

    app.get<{ Params: { id: string } }>("/headgate/requests/:id", async (request, reply) => {
      const identity = callerOf(control, request);
      const { id } = request.params;
      const explained = explanations.find(id);
      reply.header("Cache-Control", "no-store");
      if (explained !== undefined && mayKnow(identity, explained.record.client)) {
        return explanationOf(explained, identity, control.clock.now());
      }
      const message = `request ${id} is not known; it ended some time ago, it never was, or it is not yours. The id is the answer's X-Headgate-Request-Id`;
      throw new Refused("refused", { status: 404, code: "unknown_request", message, param: "id" });
    });
  };
}
