import type { FastifyPluginAsync } from "fastify";
import { INSTANCE_HEADER } from "../discovery.ts";
import type { Control } from "./control.ts";

/**
 * `/health`: 200 while the process lives, with `ready` telling whether work would be taken and run now. `?ready` asks for that
 * alone: 503 when not. No key is needed, and nothing is told that a stranger should not know.
 */
export function healthRoutes(control: Control): FastifyPluginAsync {
  return async (app) => {
    app.get<{ Querystring: { ready?: string } }>("/health", async (request, reply) => {
      const up = control.upstreams.all.filter(({ health }) => health === "ready").length;
      reply.header(INSTANCE_HEADER, control.instance);
      const ready = control.notReady === undefined && up > 0;
      if (request.query.ready !== undefined && !ready) reply.code(503).header("Retry-After", "2");
      return {
        status: "live",
        ready,
        upstreams: { ready: up, known: control.upstreams.all.length },
        ...(control.notReady !== undefined && { reason: control.notReady }),
      };
    });
  };
}
