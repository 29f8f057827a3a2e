import type { IncomingMessage } from "node:http";
import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import type { BatchService } from "../../batch/batch-service.ts";
import type { Query } from "../../batch/list-page.ts";
import { takeOnlyJson } from "../control/access.ts";
import { callerOf } from "../control/caller.ts";
import type { Control } from "../control/control.ts";
import type { OwnDoor } from "../entry.ts";
import { parsePriority, PRIORITY_HEADERS } from "../../protocol/priority.ts";
import { tenantOf } from "./batch-caller.ts";

interface ById {
  readonly Params: { readonly id: string };
}

/** `/v1/batches`: OpenAI's Batch API, and below `/headgate/batches` what it lacks. */
export function batchRoutes(
  control: Control,
  { batches }: BatchService,
  doorOf: (request: IncomingMessage) => OwnDoor | undefined,
): FastifyPluginAsync {
  return async (app) => {
    takeOnlyJson(app);

    app.post("/v1/batches", async (request) => {
      const tenant = tenantOf(control, request);
      const idempotencyKey = request.headers["idempotency-key"]?.toString();
      const priority = priorityOf(control, request, doorOf(request.raw));
      return batches.create({ tenant, body: request.body, idempotencyKey, priority });
    });

    app.get<{ Querystring: Query }>("/v1/batches", async (request) =>
      batches.list(tenantOf(control, request), request.query),
    );

    app.get<ById>("/v1/batches/:id", async (request) => batches.show(tenantOf(control, request), request.params.id));

    app.post<ById>("/v1/batches/:id/cancel", async (request) =>
      batches.cancel(tenantOf(control, request), request.params.id),
    );

    for (const [verb, paused] of [
      ["pause", true],
      ["unpause", false],
    ] as const) {
      app.post<ById>(`/headgate/batches/:id/${verb}`, async (request) => {
        const anyTenant = callerOf(control, request).role === "admin";
        return batches.pause(request.params.id, paused, { tenant: tenantOf(control, request), anyTenant });
      });
    }
  };
}

/** What a request says of its batch's priority, the soonest of which is background all the same. */
function priorityOf(control: Control, request: FastifyRequest, door: OwnDoor | undefined): number | undefined {
  const { priority, ceiling = -Infinity } = callerOf(control, request);
  const asked = headerPriority(request) ?? door?.prefixPriority ?? priority ?? door?.priority;
  return asked === undefined && ceiling === -Infinity ? undefined : Math.max(asked ?? -Infinity, ceiling);
}

function headerPriority({ headers }: FastifyRequest): number | undefined {
  for (const name of PRIORITY_HEADERS) {
    const value = headers[name];
    const parsed = typeof value === "string" ? parsePriority(value) : { unknown: "" };
    if ("priority" in parsed) return parsed.priority;
  }
  return undefined;
}
