import type { FastifyPluginAsync } from "fastify";
import { callerOf } from "./caller.ts";
import type { Control } from "./control.ts";
import { LiveEvents } from "./live-events.ts";

/**
 * `GET /headgate/events`, an event stream: first `snapshot` with the data of the status, then `upsert` with one `request`, `gate`,
 * `upstream` or `gateway` that is new or changed, and `remove` with the id or name of a request or upstream that is gone. A snapshot
 * can come again at any time and replaces all that was told. What a request waits and its place are left to the reader: the times
 * are in the request, the order of the first hundred in its gate's `line`.
 *
 * With `?history` the snapshot also tells who calls and what went on in the last minutes (`LongStatus`), and there are upserts of
 * `ended`, `usage`, `times` and `warning`. Of what ended only the last is kept, here as there.
 */
export function eventRoutes(control: Control): FastifyPluginAsync {
  const live = new LiveEvents(control);
  control.requests.follow(live);

  return async (app) => {
    app.addHook("preClose", async () => live.close());
    app.get<{ Querystring: { history?: string } }>(
      "/headgate/events",
      { exposeHeadRoute: false },
      async (request, reply) => {
        const identity = callerOf(control, request);
        live.open({ identity, history: request.query.history !== undefined }, reply.raw);
        reply.hijack();
        return reply;
      },
    );
  };
}
