import type { FastifyPluginAsync } from "fastify";
import type { GateGroup } from "../gate-group.ts";
import { Refused } from "../refused.ts";
import { operatorOf, takeOnlyJson } from "./access.ts";
import { capacityWish, nothing, priorityWish, type CapacityWish, type PriorityWish } from "./action-wish.ts";
import { chosenGate, chosenGates, type GateChoice } from "./choose-gates.ts";
import type { Control } from "./control.ts";
import { checkWishes } from "./permit-wish.ts";
import { figuresOf } from "./status-of.ts";
import type { GateFigures } from "./status-view.ts";
import { cancelWaiter, moveWaiter } from "./waiters.ts";

/** The state that results, in figures and in words. */
interface Done {
  readonly message: string;
  readonly gates: readonly GateFigures[];
}

interface OnGates {
  readonly Querystring: GateChoice;
}

interface OnWaiter {
  readonly Params: { readonly id: string };
}

/** What an operator does to a gateway that runs. Every answer says what state results. */
export function actionRoutes(control: Control): FastifyPluginAsync {
  return async (app) => {
    takeOnlyJson(app);
    checkWishes(app);
    // Before the body is read: whoever may not act is told so, whatever he sent.
    app.addHook("onRequest", async (request) => void operatorOf(control, request));

    app.post<OnGates>("/headgate/pause", { schema: { body: nothing } }, async ({ query }) => {
      const groups = changeable(chosenGates(control, query));
      for (const { gate } of groups) gate.pause();
      return done(groups, "paused: who comes waits, who runs goes on; POST /headgate/unpause lets them in again");
    });

    app.post<OnGates>("/headgate/unpause", { schema: { body: nothing } }, async ({ query }) => {
      const groups = changeable(chosenGates(control, query));
      for (const { gate } of groups) gate.unpause();
      return done(groups, "open: who waits is let in again");
    });

    app.post<OnGates>("/headgate/drain", { schema: { body: nothing } }, async ({ query }, reply) => {
      const groups = chosenGates(control, query);
      for (const { gate } of groups) void gate.drain();
      reply.code(202);
      const message = "draining: who is here is served, who comes is answered 503, until Headgate is started again";
      return done(groups, message);
    });

    app.route<OnGates & { readonly Body: CapacityWish }>({
      method: ["POST", "PUT"],
      url: "/headgate/capacity",
      schema: { body: capacityWish },
      handler: async ({ query, body: { gate, capacity } }) => {
        const group = chosenGate(control, gate === undefined ? query : { gate });
        setCapacity(control, group, capacity);
        return done([group], `capacity ${group.gate.capacity}: ${inForce(control, group)}`);
      },
    });

    app.post<OnWaiter>("/headgate/waiters/:id/cancel", { schema: { body: nothing } }, async ({ params: { id } }) => {
      cancelWaiter(control, id);
      return { message: `cancelled: the client of ${id} is answered 503`, id, state: "cancelled" };
    });

    app.post<OnWaiter & { readonly Body: PriorityWish }>(
      "/headgate/waiters/:id/priority",
      { schema: { body: priorityWish } },
      async ({ params: { id }, body: { priority } }) => {
        const position = moveWaiter(control, id, priority);
        return { message: `${id} is now number ${position} in line`, id, state: "waiting", priority, position };
      },
    );
  };
}

/** @throws {Refused} 409 when none of them will ever take work again. */
function changeable(groups: readonly GateGroup[]): readonly GateGroup[] {
  const left = groups.filter(({ gate: { state } }) => state === "open" || state === "paused");
  if (left.length > 0) return left;
  const states = groups.map(({ gate: { name, state } }) => `gate ${name} is ${state}`).join(", ");
  const message = `${states}; it takes no work until Headgate is started again`;
  throw new Refused("refused", { status: 409, code: "draining", message });
}

function setCapacity({ gates, upstreams }: Control, group: GateGroup, capacity: number | null): void {
  group.overridden = capacity !== null;
  if (capacity === null) gates.resize(upstreams.all);
  else group.resize(capacity);
}

function inForce({ upstreams }: Control, group: GateGroup): string {
  const { held, capacity } = group.gate;
  if (!group.overridden) return "as the server tells";
  if (held > capacity) return `${held} run now and are not interrupted; nobody new starts until fewer run`;
  if (capacity === 0) return "nobody new starts";
  const told = upstreams.all.filter((upstream) => upstream.group === group && upstream.known);
  const short = told.find(({ capacity: { slots } }) => slots < capacity);
  if (short === undefined) return "until it is changed again or Headgate is started again";
  const { name, capacity: slots } = short;
  return `but ${name} has ${slots.slots} (${slots.source}); what is beyond waits in its own line, first come, first served`;
}

function done(groups: readonly GateGroup[], message: string): Done {
  return { message, gates: groups.map(figuresOf) };
}
