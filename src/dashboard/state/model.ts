import type { EndedView, LongStatus, TimesView, UsageView } from "../../gateway/control/long-status.ts";
import type { GateView, RequestView, Status, UpstreamView } from "../../gateway/control/status-view.ts";

export type Warning = LongStatus["warnings"][number];

/** What an `upsert` of the live view may hold; one of these at a time. */
export interface Upsert {
  readonly request?: RequestView;
  readonly gate?: GateView;
  readonly upstream?: UpstreamView;
  readonly gateway?: Pick<Status, "instance" | "state" | "omitted">;
  readonly ended?: EndedView;
  readonly usage?: UsageView;
  readonly times?: TimesView;
  readonly warning?: Warning;
}

export interface Removal {
  readonly request?: string;
  readonly upstream?: string;
}

/** More bars than fit into any picture, and more rows than anybody reads. */
const MOST_ENDED = 400;
const MOST_WARNINGS = 20;

/**
 * A gateway as the live view tells of it. A snapshot replaces everything; whatever is told twice changes nothing; what ended is
 * bounded here as it is there.
 */
export class Model {
  gateway: Pick<Status, "instance" | "state" | "omitted"> = { instance: "", state: "starting", omitted: 0 };
  caller: LongStatus["caller"] = { client: "", role: "user" };
  foregroundUpTo = 0;
  /** What the gateway's clock is ahead of ours, in milliseconds. */
  aheadMs = 0;
  readonly gates: Map<string, GateView> = new Map();
  readonly upstreams: Map<string, UpstreamView> = new Map();
  readonly requests: Map<string, RequestView> = new Map();
  /** In the order in which they ended. */
  readonly ended: Map<string, EndedView> = new Map();
  readonly usage: Map<string, UsageView> = new Map();
  readonly times: Map<string, TimesView> = new Map();
  readonly warnings: Map<number, Warning> = new Map();

  /** Takes one event of the stream; `now` is this machine's clock. Events of unknown names are left alone. */
  take(event: string, data: unknown, now: number): void {
    if (event === "snapshot") this.#begin(data as LongStatus, now);
    else if (event === "upsert") this.#upsert(data as Upsert);
    else if (event === "remove") this.#remove(data as Removal);
  }

  #begin(status: LongStatus, now: number): void {
    const { instance, state, omitted, caller, foregroundUpTo } = status;
    this.gateway = { instance, state, omitted };
    this.caller = caller;
    this.foregroundUpTo = foregroundUpTo;
    this.aheadMs = status.at - now;
    replace(this.gates, status.gates, ({ name }) => name);
    replace(this.upstreams, status.upstreams, ({ name }) => name);
    replace(this.requests, status.requests, ({ id }) => id);
    replace(this.ended, status.ended, ({ id }) => id);
    replace(this.usage, status.usage, ({ gate }) => gate);
    replace(this.times, status.times, ({ gate }) => gate);
    replace(this.warnings, status.warnings, ({ id }) => id);
  }

  #upsert({ request, gate, upstream, gateway, ended, usage, times, warning }: Upsert): void {
    if (request !== undefined) this.requests.set(request.id, request);
    if (gate !== undefined) this.gates.set(gate.name, gate);
    if (upstream !== undefined) this.upstreams.set(upstream.name, upstream);
    if (gateway !== undefined) this.gateway = gateway;
    if (ended !== undefined) setBounded(this.ended, ended.id, ended, MOST_ENDED);
    if (usage !== undefined) this.usage.set(usage.gate, usage);
    if (times !== undefined) this.times.set(times.gate, times);
    if (warning !== undefined) setBounded(this.warnings, warning.id, warning, MOST_WARNINGS);
  }

  #remove({ request, upstream }: Removal): void {
    if (request !== undefined) this.requests.delete(request);
    if (upstream !== undefined) this.upstreams.delete(upstream);
  }
}

function replace<Key, Value>(map: Map<Key, Value>, values: readonly Value[], keyOf: (value: Value) => Key): void {
  map.clear();
  for (const value of values) map.set(keyOf(value), value);
}

function setBounded<Key, Value>(map: Map<Key, Value>, key: Key, value: Value, most: number): void {
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= most) return;
    map.delete(oldest);
  }
}
