import type { Identity } from "../keys.ts";
import { anonymous, mayKnow } from "./request-view.ts";
import type { RequestStatus, RequestView, Status } from "./status-view.ts";

/** Who reads the live view, and whether the history too. */
export interface Reader {
  readonly identity: Identity;
  readonly history: boolean;
}

/** One event of the live view, as different readers may read it; `undefined` for those it is not for. */
export interface Change {
  textFor(reader: Reader): string | undefined;
}

/** What does not change by the mere passing of time, nor by others leaving the line: that would be news about everybody always. */
const STEADY: (keyof RequestView)[] = [
  "id",
  "kind",
  "state",
  "gate",
  "upstream",
  "client",
  "label",
  "model",
  "path",
  "priority",
  "prioritySource",
  "arrivedAt",
  "grantedAt",
  "firstTokenAt",
  "phases",
];

interface Known {
  readonly json: string;
  /** What it is removed by; what can only change has none. */
  readonly gone?: string;
  readonly request?: RequestStatus;
}

/**
 * Tells how one status differs from the one before, as events. Whoever was told a status, and since then every change, knows the
 * present one; to be told something twice does no harm.
 */
export class LiveChanges {
  #known: ReadonlyMap<string, Known>;

  constructor(status: Status) {
    this.#known = known(status);
  }

  next(status: Status): readonly Change[] {
    const before = this.#known;
    const now = known(status);
    this.#known = now;
    const changes: Change[] = [];
    for (const [key, { gone }] of before) {
      if (gone !== undefined && !now.has(key)) changes.push({ textFor: () => eventText("remove", gone) });
    }
    for (const [key, { json, request }] of now) {
      if (before.get(key)?.json !== json) changes.push(upsert(json, request));
    }
    return changes;
  }
}

/** An event as it goes on the wire. JSON has no line breaks of its own. */
export function eventText(event: "snapshot" | "upsert" | "remove", json: string): string {
  return `event: ${event}\ndata: ${json}\n\n`;
}

function upsert(json: string, request: RequestStatus | undefined): Change {
  const full = eventText("upsert", json);
  let bare: string | undefined;
  return {
    textFor: ({ identity }) => {
      if (request === undefined || mayKnow(identity, request.client)) return full;
      bare ??= eventText("upsert", requestJson(anonymous(request)));
      return bare;
    },
  };
}

function known({ instance, state, omitted, upstreams, gates, requests }: Status): ReadonlyMap<string, Known> {
  const all = new Map<string, Known>();
  all.set("gateway", { json: JSON.stringify({ gateway: { instance, state, omitted } }) });
  for (const upstream of upstreams) {
    const gone = JSON.stringify({ upstream: upstream.name });
    all.set(`upstream ${upstream.name}`, { json: JSON.stringify({ upstream }), gone });
  }
  for (const gate of gates) all.set(`gate ${gate.name}`, { json: JSON.stringify({ gate }) });
  for (const request of requests) {
    const gone = JSON.stringify({ request: request.id });
    all.set(`request ${request.id}`, { json: requestJson(request), gone, request });
  }
  return all;
}

function requestJson(request: RequestView): string {
  return `{"request":${JSON.stringify(request, STEADY)}}`;
}
