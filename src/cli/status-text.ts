import type { GateView, RequestStatus, Status, UpstreamView } from "../gateway/control/status-view.ts";
import { Priority } from "../gate/index.ts";
import { duration, printable, table, type Column } from "./table.ts";

const SERVERS: readonly Column[] = [
  { heading: "SERVER" },
  { heading: "ENGINE" },
  { heading: "HEALTH" },
  { heading: "SLOTS" },
  { heading: "GATE" },
];

const REQUESTS: readonly Column[] = [
  { heading: "#", right: true },
  { heading: "STATE" },
  { heading: "PRIORITY" },
  { heading: "WAITED", right: true },
  { heading: "RUNS", right: true },
  { heading: "TURN IN", right: true },
  { heading: "CLIENT" },
  { heading: "MODEL" },
  { heading: "WHAT" },
  { heading: "ID" },
];

/** A status for people, a line each. Of the requests at most `most` are shown. */
export function statusLines(gateway: string, status: Status, most: number = Infinity): string[] {
  const { upstreams, gates, requests, omitted } = status;
  const shown = requests.slice(0, most);
  const hidden = requests.length - shown.length + omitted;
  return [
    `Headgate at ${gateway} is ${status.state}`,
    "",
    ...(upstreams.length === 0 ? ["No model server is known."] : table(SERVERS, upstreams.map(serverRow))),
    ...upstreams.flatMap(foreignLine),
    "",
    ...gates.map(gateLine),
    "",
    ...(requests.length === 0 ? ["No request is inside."] : table(REQUESTS, shown.map(requestRow))),
    ...(hidden === 0 ? [] : [`and ${hidden} more`]),
  ];
}

/** A gate in one line. */
export function gateLine({ name, state, held, capacity, waiting, reserved, meanHoldMs, overridden }: GateView): string {
  const parts = [
    `${held} of ${capacity} ${capacity === 1 ? "permit" : "permits"} held${overridden ? " (capacity set by hand)" : ""}`,
    `${waiting} waiting`,
    ...(reserved > 0 ? [`${reserved} kept for the foreground`] : []),
    ...(meanHoldMs === null ? [] : [`usually held ${duration(meanHoldMs)}`]),
  ];
  return `Gate ${printable(name)} is ${state}: ${parts.join(", ")}`;
}

/** A priority as people write it. */
export function priorityText(priority: number | undefined): string {
  if (priority === undefined) return "-";
  if (priority === Priority.FOREGROUND) return "foreground";
  return priority === Priority.BACKGROUND ? "background" : String(priority);
}

function serverRow({ name, title, health, capacity, capacitySource, gate }: UpstreamView): string[] {
  return [name, title, health, `${capacity} (${capacitySource})`, gate];
}

/** Nothing for a server that serves this gateway alone, or does not tell. */
function foreignLine({ name, url, foreign }: UpstreamView): string[] {
  if (foreign === null || foreign === 0) return [];
  const what = foreign === 1 ? "1 request" : `${foreign} requests`;
  return [
    `${printable(name)} has ${what} from elsewhere: point that client at this gateway instead of ${printable(url)}`,
  ];
}

function requestRow(request: RequestStatus): string[] {
  const { position, state, priority, waitedMs, heldMs, etaMs, client, model, label, path, kind, id } = request;
  return [
    position === undefined ? "" : String(position),
    state,
    priorityText(priority),
    duration(waitedMs),
    heldMs === undefined ? "" : duration(heldMs),
    etaMs === undefined ? "" : `~${duration(etaMs)}`,
    client ?? "-",
    model ?? "-",
    label ?? path ?? kind,
    id,
  ];
}
