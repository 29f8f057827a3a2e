import type { GateSnapshot } from "../../gate/index.ts";
import type { GateGroup } from "../gate-group.ts";
import type { Identity } from "../keys.ts";
import type { RequestRecord } from "../request-record.ts";
import type { Upstream } from "../upstream.ts";
import type { Control } from "./control.ts";
import { anonymous, mayKnow, viewOf, type AtGate } from "./request-view.ts";
import type { GateFigures, GateView, RequestStatus, Status, UpstreamView } from "./status-view.ts";

/** More names than people read; the rest of a long line is told as a number. */
const LINE_SHOWN = 100;

/** Everything at this moment, as an admin sees it. Sorts the lines: not for every request. */
export function statusOf(control: Control, limit: number = Infinity): Status {
  const records = new Records(control.requests.live.values());
  const groups = control.gates.all.map((group) => ({ group, snapshot: group.gate.snapshot() }));
  const running = groups.flatMap(({ snapshot }) => snapshot.holders.map((holder) => records.take(snapshot, holder)));
  const waiting = groups.flatMap(({ group, snapshot }) =>
    snapshot.waiters.map((waiter) => ({
      ...records.take(snapshot, waiter),
      position: waiter.position,
      etaMs: rounded(group.times.etaMs(waiter.position, snapshot.capacity)),
    })),
  );
  const others = records.rest();
  const requests = [...running, ...waiting, ...others].map((entry) => momentOf(control, entry));
  return {
    instance: control.instance,
    at: Date.now(),
    state: control.notReady ?? "open",
    upstreams: control.upstreams.all.map(upstreamView),
    gates: groups.map(({ group, snapshot }) => gateView(group, snapshot, records)),
    requests: requests.slice(0, limit),
    omitted: Math.max(0, requests.length - limit),
  };
}

/** The same for one caller: requests of others lose what makes them somebody's. */
export function statusFor(identity: Identity, status: Status): Status {
  if (identity.role === "admin") return status;
  const requests = status.requests.map((view) => (mayKnow(identity, view.client) ? view : anonymous(view)));
  return { ...status, requests };
}

interface Entry {
  readonly record: RequestRecord | undefined;
  readonly id: string;
  readonly gate?: string;
  readonly seen?: AtGate;
  readonly position?: number;
  readonly etaMs?: number | undefined;
}

/** The requests inside, found by what their gates call them. */
class Records {
  readonly #left = new Map<string, RequestRecord>();
  readonly #byGateId = new Map<string, RequestRecord>();

  constructor(live: Iterable<RequestRecord>) {
    for (const record of live) {
      this.#left.set(record.id, record);
      if (record.gateId !== undefined) this.#byGateId.set(`${record.gate} ${record.gateId}`, record);
    }
  }

  /** Who got a permit at once was never told an id of the gate's, and goes by the label. */
  find({ gate }: GateSnapshot, { id, label = "" }: AtGate): RequestRecord | undefined {
    const labelled = (): RequestRecord | undefined => {
      const record = this.#left.get(label);
      return record?.gate === gate && record.gateId === undefined ? record : undefined;
    };
    return this.#byGateId.get(`${gate} ${id}`) ?? labelled();
  }

  take(snapshot: GateSnapshot, seen: AtGate): Entry {
    const record = this.find(snapshot, seen);
    if (record !== undefined) this.#left.delete(record.id);
    return { record, id: record?.id ?? `${snapshot.gate}:${seen.id}`, gate: snapshot.gate, seen };
  }

  /** Those at no gate: still being read, passing by the gates, or riding on a permit. */
  rest(): readonly Entry[] {
    return [...this.#left.values()].map((record) => ({ record, id: record.id }));
  }
}

function momentOf({ clock }: Control, { record, id, gate, seen, position, etaMs }: Entry): RequestStatus {
  const held = seen !== undefined && "heldMs" in seen ? Math.round(seen.heldMs) : undefined;
  if (record === undefined) {
    // Of a program that uses the gate by itself: the gate knows all there is to know.
    const ageMs = Math.round(seen!.waitedMs + (held ?? 0));
    const { priority, label } = seen!;
    const state = position === undefined ? "running" : "waiting";
    const arrivedAt = Date.now() - ageMs;
    return {
      id,
      kind: "permit",
      state,
      gate,
      label,
      priority,
      arrivedAt,
      ageMs,
      waitedMs: Math.round(seen!.waitedMs),
      position,
      etaMs,
    };
  }
  const now = clock.now();
  const ageMs = Math.round(now - record.arrivedAt);
  const waitedMs = seen === undefined ? waitedBy(record, now) : seen.waitedMs;
  const heldMs = held ?? (record.grantedAt === undefined || seen !== undefined ? undefined : now - record.grantedAt);
  return { ...viewOf(record, seen), ageMs, waitedMs: Math.round(waitedMs), heldMs: rounded(heldMs), position, etaMs };
}

/** Nobody waits for a permit while its body is read. */
function waitedBy({ state, grantedAt, arrivedAt }: RequestRecord, now: number): number {
  return state === "reading" ? 0 : (grantedAt ?? now) - arrivedAt;
}

function upstreamView({ name, url, engine, health, capacity, models, group }: Upstream): UpstreamView {
  return {
    name,
    // Without the user and password that a URL can carry.
    url: url.origin + url.pathname.replace(/\/+$/, ""),
    engine: engine.name,
    title: engine.title,
    health,
    capacity: capacity.slots,
    capacitySource: capacity.source,
    models: models ?? null,
    gate: group.gate.name,
    stepAside: engine.stepAside,
  };
}

export function figuresOf(group: GateGroup): GateFigures {
  const { name, state, capacity, held, waiting } = group.gate;
  const meanHoldMs = rounded(group.times.etaMs(1, 1)) ?? null;
  return { name, state, capacity, overridden: group.overridden, held, waiting, reserved: group.reserved, meanHoldMs };
}

function gateView(group: GateGroup, snapshot: GateSnapshot, records: Records): GateView {
  const shown = snapshot.waiters.slice(0, LINE_SHOWN);
  const line = shown.map((waiter) => records.find(snapshot, waiter)?.id ?? `${snapshot.gate}:${waiter.id}`);
  return { ...figuresOf(group), line };
}

function rounded(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms);
}
