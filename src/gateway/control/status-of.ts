import type { GateSnapshot } from "../../gate/index.ts";
import type { GateGroup } from "../gate-group.ts";
import type { Identity } from "../keys.ts";
import type { RequestRecord } from "../request-record.ts";
import type { Upstream } from "../upstream.ts";
import type { Control } from "./control.ts";
import { Insiders, type Crowd, type Insider, type Place } from "./insiders.ts";
import { anonymous, mayKnow, viewOf } from "./request-view.ts";
import type { GateFigures, GateView, RequestStatus, Status, UpstreamView } from "./status-view.ts";

/** More names than people read; the rest of a long line is told as a number. */
const LINE_SHOWN = 100;

/** Everything at this moment, as an admin sees it; of the requests at most `limit`. Sorts the lines: not for every request. */
export function statusOf(control: Control, limit: number = Infinity): Status {
  const crowds: Crowd[] = control.gates.all.map((group) => ({ group, snapshot: group.gate.snapshot() }));
  const insiders = new Insiders(control.requests.live);
  const all = insiders.all(crowds);
  return {
    instance: control.instance,
    at: Date.now(),
    state: control.notReady ?? "open",
    upstreams: control.upstreams.all.map(upstreamView),
    gates: crowds.map(({ group, snapshot }) => gateView(group, snapshot, insiders)),
    requests: all.slice(0, limit).map((insider) => requestStatus(control, insider)),
    omitted: Math.max(0, all.length - limit),
  };
}

/** The same for one caller: requests of others lose what makes them somebody's. */
export function statusFor(identity: Identity, status: Status): Status {
  if (identity.role === "admin") return status;
  const requests = status.requests.map((view) => (mayKnow(identity, view.client) ? view : anonymous(view)));
  return { ...status, requests };
}

function requestStatus({ clock }: Control, { record, at }: Insider): RequestStatus {
  if (record === undefined) return strangerStatus(at);
  const now = clock.now();
  const { arrivedAt, grantedAt } = record;
  const place = at && momentAt(at);
  const passing = grantedAt === undefined ? undefined : Math.round(now - grantedAt);
  return {
    ...viewOf(record, at?.seen),
    ageMs: Math.round(now - arrivedAt),
    waitedMs: Math.round(waitedBy(record, now)),
    // Who rides on a permit has been granted something, though not by a gate.
    heldMs: passing,
    ...place,
  };
}

/** Of a program that uses the gate by itself: the gate knows all there is to know. */
function strangerStatus(at: Place): RequestStatus {
  const { group, seen } = at;
  const moment = momentAt(at);
  const ageMs = moment.waitedMs + (moment.heldMs ?? 0);
  const { name } = group.gate;
  return {
    id: strangerId(name, seen.id),
    kind: "permit",
    state: moment.position === undefined ? "running" : "waiting",
    gate: name,
    label: seen.label,
    priority: seen.priority,
    arrivedAt: Date.now() - ageMs,
    ageMs,
    ...moment,
  };
}

function strangerId(gate: string, id: string): string {
  return `${gate}:${id}`;
}

function momentAt({ group, seen }: Place): Pick<RequestStatus, "waitedMs" | "heldMs" | "position" | "etaMs"> {
  const waitedMs = Math.round(seen.waitedMs);
  if ("heldMs" in seen) return { waitedMs, heldMs: Math.round(seen.heldMs) };
  const { position } = seen;
  return { waitedMs, heldMs: undefined, position, etaMs: rounded(group.times.etaMs(position, group.gate.capacity)) };
}

/** Nobody waits for a permit while its body is read. */
function waitedBy({ state, grantedAt, arrivedAt }: RequestRecord, now: number): number {
  return state === "reading" ? 0 : (grantedAt ?? now) - arrivedAt;
}

function upstreamView({
  name,
  url,
  engine,
  health,
  capacity,
  foreign,
  models,
  group,
  watchdog,
}: Upstream): UpstreamView {
  return {
    name,
    // Without the user and password that a URL can carry.
    url: url.origin + url.pathname.replace(/\/+$/, ""),
    engine: engine.name,
    title: engine.title,
    health,
    capacity: capacity.slots,
    capacitySource: capacity.source,
    foreign: foreign ?? null,
    models: models ?? null,
    gate: group.gate.name,
    stuck: watchdog.stuck,
    stepAside: engine.stepAside,
  };
}

export function figuresOf(group: GateGroup): GateFigures {
  const { name, state, capacity, held, waiting } = group.gate;
  const meanHoldMs = rounded(group.times.etaMs(1, 1)) ?? null;
  return { name, state, capacity, overridden: group.overridden, held, waiting, reserved: group.reserved, meanHoldMs };
}

function gateView(group: GateGroup, { gate, waiters }: GateSnapshot, insiders: Insiders): GateView {
  const shown = waiters.slice(0, LINE_SHOWN);
  const line = shown.map((seen) => insiders.recordOf(group, seen)?.id ?? strangerId(gate, seen.id));
  return { ...figuresOf(group), line };
}

function rounded(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms);
}
