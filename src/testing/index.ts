/** A simulated model server, for tests of whatever speaks to one. */
export type { Ask, Dialect } from "./ask.ts";
export type { Fault, FaultScope } from "./faults.ts";
export type { OverCapacity } from "./ledger.ts";
export { ModelServer, startModelServer } from "./model-server.ts";
export type { AnswerOptions, ModelServerOptions, Quirks, SimulatedEngine } from "./options.ts";
export type { Timing } from "./run.ts";
export type { Outcome, Phase, ServedRequest, Stage } from "./served.ts";
export type { Which } from "./stages.ts";
