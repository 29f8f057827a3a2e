/**
 * `headgate`: a priority gate. Pure ECMAScript: no Node, no DOM, no dependency, no I/O.
 *
 * @module
 */
export { Gate } from "./gate.ts";
export { Permit, type YieldOptions } from "./permit.ts";
export { DEFAULT_PRIORITY, Priority } from "./priority.ts";
export type { AcquireOptions, GateOptions, PlaceInLine } from "./options.ts";
export type { Reserved } from "./permits.ts";
export { GateError, isGateError, type GateErrorCode, type GateStage } from "./errors.ts";
export type { GateEvent, GateEventName, GateEvents, GateListener, GateState, Subject } from "./events.ts";
export type { GateSnapshot, HolderSnapshot, WaiterSnapshot } from "./snapshot.ts";
export type { AbortSignalLike, PlatformAbortSignal } from "./abort.ts";
export { systemClock, type Clock } from "./clock.ts";
