import type { IncomingMessage } from "node:http";
import Fastify, { type FastifyInstance } from "fastify";
import type { BatchService } from "../../batch/batch-service.ts";
import { batchRoutes } from "../batches/batch-routes.ts";
import { fileRoutes } from "../batches/file-routes.ts";
import type { GateGroups } from "../gate-groups.ts";
import type { GatewayContext } from "../context.ts";
import type { ControlHandler, OwnDoor } from "../entry.ts";
import type { History } from "../history/history.ts";
import type { Metrics } from "../metrics.ts";
import { actionRoutes } from "./actions.ts";
import { answerErrors } from "./control-errors.ts";
import { dashboardRoutes } from "./dashboard.ts";
import { eventRoutes } from "./events.ts";
import { healthRoutes } from "./health.ts";
import { metricsRoute } from "./metrics-route.ts";
import { permitRoutes } from "./permits.ts";
import { statusRoutes } from "./status.ts";

/** What Headgate's own routes can see and do. */
export interface Control extends GatewayContext {
  readonly gates: GateGroups;
  readonly metrics: Metrics;
  readonly history: History;
  readonly batches: BatchService | undefined;
  /** Why the gateway takes no new work; `undefined` while it does. */
  readonly notReady: string | undefined;
}

/**
 * Headgate's own routes, behind the same listener as everything else. A framework, because here convenience counts and speed
 * does not: schemas checked, errors in one form, handlers that can be tested by injection.
 */
export async function controlHandler(control: Control): Promise<ControlHandler & { close(): Promise<void> }> {
  const app: FastifyInstance = Fastify({ logger: false, forceCloseConnections: true, exposeHeadRoutes: true });
  const doors = new WeakMap<IncomingMessage, OwnDoor>();
  answerErrors(app, control.log);
  await app.register(healthRoutes(control));
  await app.register(metricsRoute(control));
  await app.register(permitRoutes(control, (request) => doors.get(request)));
  await app.register(statusRoutes(control));
  await app.register(actionRoutes(control));
  await app.register(eventRoutes(control));
  await app.register(dashboardRoutes());
  const { batches } = control;
  if (batches !== undefined) {
    await app.register(fileRoutes(control, batches));
    await app.register(batchRoutes(control, batches, (request) => doors.get(request)));
  }
  await app.ready();
  return {
    takes: (path) => batches !== undefined && /^\/v1\/(?:files|batches)(?:\/|$)/.test(path),
    handle: (request, response, door) => {
      doors.set(request, door);
      app.routing(request, response);
    },
    close: () => app.close(),
  };
}
