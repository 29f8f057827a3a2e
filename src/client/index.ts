/**
 * `headgate/client`: conveniences for a Node process that has a gate.
 *
 * @module
 */
export { ambientPriority, priorityFromContext, withPriority } from "./ambient-priority.ts";
export { channelName, publishDiagnostics } from "./diagnostics.ts";
export { eventLevel, eventLine, logGate, type GateLogOptions, type LogLevel } from "./gate-log.ts";
export { BodyIdleError } from "./gated-body.ts";
export { DEFAULT_BODY_IDLE_MS, gatedFetch, type Fetch, type GatedFetchOptions } from "./gated-fetch.ts";
export { GatewayError } from "./gateway-error.ts";
export { connectGate, type RemoteGate } from "./remote-gate.ts";
export type { ConnectGateOptions, RemoteAcquireOptions } from "./remote-options.ts";
export type { RemotePermit } from "./remote-permit.ts";
