import { channel, type Channel } from "node:diagnostics_channel";
import type { Gate, GateEvent, GateEventName } from "../gate/index.ts";
import { eventLevel, eventLine } from "./gate-log.ts";

/** The name of the diagnostics channel that carries events of that name: `headgate:dispatch`. */
export function channelName(event: GateEventName): `headgate:${GateEventName}` {
  return `headgate:${event}`;
}

/**
 * Publishes every event of `gate` on the channel of its name: `headgate:enqueue`, `headgate:dispatch`, `headgate:release` and so on
 * for each of `GateEvents`. All gates share the channels; `event.gate` tells them apart.
 *
 * A channel without subscribers costs one check. Warnings (starvation, leak, fault) that find none go to the console, as
 * they do on a gate that nobody listens to. A subscriber that throws harms neither the gate nor other subscribers; Node
 * raises its error as an uncaught exception of the process, as for every diagnostics channel.
 *
 * @returns the function that ends it.
 *
 * @example
 * publishDiagnostics(gate);
 * diagnostics_channel.subscribe("headgate:starvation", (event) => page(event));
 */
export function publishDiagnostics(gate: Gate): () => void {
  // Kept here: Node holds channels weakly, and looking one up by name for each event would cost more than publishing.
  const channels = new Map<GateEventName, Channel>();
  return gate.on("*", (event: GateEvent) => {
    let to = channels.get(event.type);
    if (to === undefined) channels.set(event.type, (to = channel(channelName(event.type))));
    if (to.hasSubscribers) to.publish(event);
    else if (eventLevel(event) === "warn") console.warn(`headgate: ${eventLine(event)}`);
  });
}
