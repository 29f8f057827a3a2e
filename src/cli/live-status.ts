import type { GateView, RequestStatus, RequestView, Status, UpstreamView } from "../gateway/control/status-view.ts";
import type { LiveEvent } from "./gateway-client.ts";

interface Upsert {
  readonly request?: RequestView;
  readonly gate?: GateView;
  readonly upstream?: UpstreamView;
  readonly gateway?: Pick<Status, "instance" | "state" | "omitted">;
}

interface Removal {
  readonly request?: string;
  readonly upstream?: string;
}

/** What one event changed, for those who print changes rather than states. */
export interface News {
  readonly request?: RequestView | undefined;
  /** A request that is gone, as it was last. */
  readonly gone?: RequestView | undefined;
  readonly gate?: GateView | undefined;
}

/** Keeps a status up to date by the events of the live view. */
export class LiveStatus {
  readonly #requests = new Map<string, RequestView>();
  readonly #gates = new Map<string, GateView>();
  readonly #upstreams = new Map<string, UpstreamView>();
  #gateway: Pick<Status, "instance" | "state" | "omitted"> = { instance: "", state: "starting", omitted: 0 };

  take({ event, data }: LiveEvent): News {
    if (event === "snapshot") this.#begin(data as Status);
    else if (event === "upsert") return this.#upsert(data as Upsert);
    else if (event === "remove") return this.#remove(data as Removal);
    return {};
  }

  /** The present state. Times run on by the reader's own clock, `now`, in milliseconds since 1970. */
  status(now: number): Status {
    const requests = [...this.#requests.values()].map((request) => this.#moment(request, now));
    return {
      ...this.#gateway,
      at: now,
      upstreams: [...this.#upstreams.values()],
      gates: [...this.#gates.values()],
      requests: requests.sort((a, b) => rank(a) - rank(b) || a.arrivedAt - b.arrivedAt),
    };
  }

  #begin({ instance, state, omitted, requests, gates, upstreams }: Status): void {
    for (const map of [this.#requests, this.#gates, this.#upstreams]) map.clear();
    this.#gateway = { instance, state, omitted };
    for (const request of requests) this.#requests.set(request.id, request);
    for (const gate of gates) this.#gates.set(gate.name, gate);
    for (const upstream of upstreams) this.#upstreams.set(upstream.name, upstream);
  }

  #upsert({ request, gate, upstream, gateway }: Upsert): News {
    if (gateway !== undefined) this.#gateway = gateway;
    if (upstream !== undefined) this.#upstreams.set(upstream.name, upstream);
    if (gate !== undefined) this.#gates.set(gate.name, gate);
    if (request !== undefined) this.#requests.set(request.id, request);
    return { request, gate };
  }

  #remove({ request = "", upstream = "" }: Removal): News {
    const gone = this.#requests.get(request);
    this.#requests.delete(request);
    this.#upstreams.delete(upstream);
    return { gone };
  }

  #moment(request: RequestView, now: number): RequestStatus {
    const { arrivedAt, grantedAt, gate: name = "", id, state } = request;
    const gate = this.#gates.get(name);
    const index = gate?.line.indexOf(id) ?? -1;
    const position = index < 0 ? undefined : index + 1;
    const wait = gate?.meanHoldMs ?? undefined;
    const etaMs = position === undefined || wait === undefined ? undefined : (wait * position) / gate!.capacity;
    const past = (time: number): number => Math.max(0, now - time);
    return {
      ...request,
      ageMs: past(arrivedAt),
      waitedMs: grantedAt === undefined ? (state === "reading" ? 0 : past(arrivedAt)) : grantedAt - arrivedAt,
      heldMs: grantedAt === undefined ? undefined : past(grantedAt),
      position,
      etaMs,
    };
  }
}

/** Those that run, those that wait in their order, those whose place is not told, those at no gate. */
function rank({ state, position }: RequestStatus): number {
  if (state === "running") return 0;
  return position ?? (state === "reading" ? Infinity : Number.MAX_SAFE_INTEGER);
}
