import type { FastifyPluginAsync } from "fastify";
import { INSTANCE_HEADER } from "../discovery.ts";
import type { Upstream } from "../upstream.ts";
import type { Control } from "./control.ts";

/**
 * `/health`: 200 while the process lives, with `ready` telling whether work would be taken and run now. `?ready` asks for that
 * alone: 503 when not. No key is needed, and nothing is told that a stranger should not know.
 */
export function healthRoutes(control: Control): FastifyPluginAsync {
  return async (app) => {
    app.get<{ Querystring: { ready?: string } }>("/health", async (request, reply) => {
      const { all } = control.upstreams;
      const up = all.filter(({ health }) => health === "ready");
      const reason = control.notReady ?? standstill(up);
      const ready = reason === undefined && up.length > 0;
      reply.header(INSTANCE_HEADER, control.instance);
      if (request.query.ready !== undefined && !ready) reply.code(503).header("Retry-After", "2");
      return {
        status: "live",
        ready,
        upstreams: { ready: up.length, known: all.length },
        ...(reason !== undefined && { reason }),
      };
    });
  };
}

/** Why none of the servers would get work now: an operator stopped all their gates. */
function standstill(upstreams: readonly Upstream[]): string | undefined {
  const [state] = upstreams.map(({ group }) => group.gate.state);
  return upstreams.some(({ group }) => group.gate.state === "open") ? undefined : state;
}
