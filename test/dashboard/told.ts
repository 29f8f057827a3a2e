import type { EndedView, LongStatus } from "../../src/gateway/control/long-status.ts";
import type { GateView, RequestStatus, UpstreamView } from "../../src/gateway/control/status-view.ts";

/** What a gateway tells, of which a test names only what it is about. */
export function aSnapshot(parts: Partial<LongStatus>): LongStatus {
  return {
    instance: "one",
    at: 1_000_000,
    state: "open",
    omitted: 0,
    caller: { client: "local", role: "admin" },
    foregroundUpTo: 0,
    upstreams: [],
    gates: [],
    requests: [],
    ended: [],
    usage: [],
    times: [],
    warnings: [],
    ...parts,
  };
}

export function aGate(parts: Partial<GateView>): GateView {
  const figures = { held: 0, waiting: 0, reserved: 0, capacity: 1, meanHoldMs: null, overridden: false };
  return { name: "local", state: "open", line: [], ...figures, ...parts };
}

export function aRequest(id: string, parts: Partial<RequestStatus> = {}): RequestStatus {
  const times = { arrivedAt: 0, ageMs: 0, waitedMs: 0 };
  return { id, kind: "request", state: "waiting", gate: "local", priority: 100, ...times, ...parts };
}

export function anEnded(id: string, parts: Partial<EndedView> = {}): EndedView {
  const end = { endedAt: 10, outcome: "finished", status: 200, parks: 0 };
  return { ...aRequest(id, { state: "over" }), ...end, ...parts };
}

export function anUpstream(parts: Partial<UpstreamView>): UpstreamView {
  const kind = { engine: "llama-server", title: "llama-server", health: "ready", stepAside: "resume" } as const;
  const about = { name: "gpu", url: "http://127.0.0.1:8080", gate: "local", models: null, foreign: null, stuck: false };
  return { ...kind, ...about, capacity: 1, capacitySource: "told", ...parts };
}
