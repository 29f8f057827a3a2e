import type { FastifyPluginAsync } from "fastify";
import { callerOf } from "./caller.ts";
import type { Control } from "./control.ts";

/** `/metrics` for Prometheus. Where keys are needed, any valid one will do: the figures name no client. */
export function metricsRoute(control: Control): FastifyPluginAsync {
  return async (app) => {
    app.get("/metrics", async (request, reply) => {
      callerOf(control, request);
      return reply.type(control.metrics.contentType).send(await control.metrics.text());
    });
  };
}
