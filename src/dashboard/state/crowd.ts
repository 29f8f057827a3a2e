import type { EndedView } from "../../gateway/control/long-status.ts";
import type { GateView, RequestView } from "../../gateway/control/status-view.ts";
import type { Model } from "./model.ts";

/** Somebody in line. */
export interface Waiter {
  readonly request: RequestView;
  /** 1 is next. */
  readonly position: number;
  /** Until the permit comes, estimated; `undefined` before one ever came back, and while nobody is let in. */
  readonly etaMs: number | undefined;
}

/** Everybody at one gate. */
export interface Crowd {
  readonly gate: GateView;
  /** The oldest grant first. */
  readonly running: readonly RequestView[];
  /** The next first. Those that the stream left out are missing, and counted in the gate. */
  readonly waiters: readonly Waiter[];
  /** The last first. */
  readonly ended: readonly EndedView[];
}

export function crowdOf(model: Model, gate: GateView): Crowd {
  const running: RequestView[] = [];
  const waiting: RequestView[] = [];
  for (const request of model.requests.values()) {
    if (request.gate !== gate.name) continue;
    if (request.state === "running") running.push(request);
    else if (request.state === "waiting" || request.state === "parked") waiting.push(request);
  }
  return {
    gate,
    running: running.sort((a, b) => since(a) - since(b)),
    waiters: inLine(gate, waiting).map((request, index) => ({
      request,
      position: index + 1,
      etaMs: etaMs(gate, index + 1),
    })),
    ended: [...model.ended.values()].filter((ended) => ended.gate === gate.name).toReversed(),
  };
}

function etaMs({ meanHoldMs, capacity, state }: GateView, position: number): number | undefined {
  if (meanHoldMs === null || capacity === 0 || state === "paused") return undefined;
  return (meanHoldMs * position) / capacity;
}

/** When its present phase began, as far as is known. */
export function since(request: RequestView): number {
  return request.phases?.at(-1)?.[1] ?? request.grantedAt ?? request.arrivedAt;
}

/** When it last got its permit. */
export function heldSince(request: RequestView): number {
  const { phases = [] } = request;
  const before = phases.findLastIndex(([phase]) => phase === "parked" || phase === "waiting");
  return phases[before + 1]?.[1] ?? request.grantedAt ?? request.arrivedAt;
}

/** As the gate tells of the first of them; behind them as it would order them. */
function inLine({ line }: GateView, waiting: RequestView[]): RequestView[] {
  const places = new Map(line.map((id, index) => [id, index]));
  const place = ({ id }: RequestView): number => places.get(id) ?? line.length;
  return waiting.sort(
    (a, b) => place(a) - place(b) || (a.priority ?? 0) - (b.priority ?? 0) || a.arrivedAt - b.arrivedAt,
  );
}
