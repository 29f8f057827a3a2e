import type { EngineName, Health, StepAside } from "../../engines/engine-words.ts";
import type { GateState } from "../../gate/index.ts";
import type { Phase } from "../phase.ts";

/** Everything that goes on in a gateway at one moment. Durations are whole milliseconds, `…At` are milliseconds since 1970. */
export interface Status {
  readonly instance: string;
  readonly at: number;
  /** `starting`, `open`, or `draining`. */
  readonly state: string;
  readonly upstreams: readonly UpstreamView[];
  readonly gates: readonly GateView[];
  /** First those that run, oldest first; then those that wait, the next first; then those that are at no gate. */
  readonly requests: readonly RequestStatus[];
  /** Requests that were left out because the list was limited. */
  readonly omitted: number;
}

export interface UpstreamView {
  readonly name: string;
  readonly url: string;
  readonly engine: EngineName;
  readonly title: string;
  readonly health: Health;
  readonly capacity: number;
  /** Who says so. */
  readonly capacitySource: string;
  /** Requests there that did not come through this gateway, when last looked; `null` while that is not known. */
  readonly foreign: number | null;
  /** `null` when it does not tell. */
  readonly models: readonly string[] | null;
  readonly gate: string;
  /** It was found not to free its slot after an abort, so nobody steps aside there any more. */
  readonly stuck: boolean;
  /** What a running background request does when a person comes. */
  readonly stepAside: StepAside;
}

export interface GateFigures {
  readonly name: string;
  readonly state: GateState;
  readonly capacity: number;
  /** Set by hand, so what servers tell does not count. */
  readonly overridden: boolean;
  readonly held: number;
  readonly waiting: number;
  /** Permits that only the foreground gets at this moment. */
  readonly reserved: number;
  /** How long a permit is held, from experience; `null` before the first came back. */
  readonly meanHoldMs: number | null;
}

export interface GateView extends GateFigures {
  /** The next in line, by request id. */
  readonly line: readonly string[];
}

/**
 * One request, or one permit over HTTP. Of somebody else's, a caller who is no admin learns neither whose it is nor what it is
 * about: `client`, `label`, `model`, `path` and `upstream` are missing.
 */
export interface RequestView {
  readonly id: string;
  readonly kind: "request" | "permit";
  /** `parked`: it ran, stepped aside, and waits to go on. */
  readonly state: "reading" | "waiting" | "parked" | "running" | "over";
  readonly gate?: string | undefined;
  readonly upstream?: string | undefined;
  readonly client?: string | undefined;
  readonly label?: string | undefined;
  readonly model?: string | undefined;
  readonly path?: string | undefined;
  readonly priority?: number | undefined;
  readonly prioritySource?: string | undefined;
  readonly arrivedAt: number;
  readonly grantedAt?: number | undefined;
  readonly firstTokenAt?: number | undefined;
  /** What went on with it and since when, oldest first; missing where only its gate knows of it. */
  readonly phases?: readonly (readonly [phase: Phase, at: number])[] | undefined;
}

/** A request with what changes by the mere passing of time, and by what others do. */
export interface RequestStatus extends RequestView {
  readonly ageMs: number;
  readonly waitedMs: number;
  readonly heldMs?: number | undefined;
  /** 1 is next. */
  readonly position?: number | undefined;
  /** Until it gets a permit, estimated from how long others held theirs; missing before the first came back. */
  readonly etaMs?: number | undefined;
}
