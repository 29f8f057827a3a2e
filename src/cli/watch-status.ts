import { setTimeout as pause } from "node:timers/promises";
import { GatewayUnavailable, liveEvents, type GatewayFlags, type LiveEvent } from "./gateway-client.ts";
import { LiveStatus, type News } from "./live-status.ts";
import { gateLine, priorityText, statusLines } from "./status-text.ts";
import { printable } from "./table.ts";

/** How often times run on, on a terminal. */
const REDRAW_MS = 1_000;
/** How soon a gateway that went away is asked again. */
const RETRY_MS = 2_000;
const TO_THE_TOP_AND_CLEAR = "\u001B[H\u001B[J";

/** Where the view is shown: standard output, or what a test puts in its place. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

/**
 * Shows a gateway until `signal` aborts: on a terminal as a table that is drawn again, elsewhere as a line for each change. A gateway
 * that goes away is waited for.
 *
 * @throws {GatewayUnavailable} when it cannot be watched in the first place.
 */
export async function watchStatus(flags: GatewayFlags, screen: Screen, signal: AbortSignal): Promise<void> {
  const isOver = (): boolean => signal.aborted;
  for (let first = true; !isOver(); first = false) {
    try {
      await showUntilItEnds(flags, screen, signal);
    } catch (error) {
      if (first || !(error instanceof GatewayUnavailable)) throw error;
    }
    if (isOver()) return;
    screen.write(`${flags.gateway} went away; asking again until it is back\n`);
    await pause(RETRY_MS, undefined, { signal }).catch(() => {});
  }
}

async function showUntilItEnds(flags: GatewayFlags, screen: Screen, signal: AbortSignal): Promise<void> {
  const live = new LiveStatus();
  const draw = (): void => void screen.write(TO_THE_TOP_AND_CLEAR + picture(flags.gateway, live, screen));
  let redraw: NodeJS.Timeout | undefined;
  try {
    for await (const event of liveEvents(flags, signal)) {
      const news = live.take(event);
      if (screen.isTTY !== true) for (const line of newsLines(event, news, live)) screen.write(`${line}\n`);
      else {
        draw();
        redraw ??= setInterval(draw, REDRAW_MS);
      }
    }
  } finally {
    clearInterval(redraw);
  }
}

/** As much as fits, so that nothing scrolls away. */
function picture(gateway: string, live: LiveStatus, { columns = 80, rows = 24 }: Screen): string {
  const status = live.status(Date.now());
  const around = statusLines(gateway, status, 0).length + 2;
  const lines = statusLines(gateway, status, Math.max(1, rows - around));
  return lines.map((line) => `${line.slice(0, columns)}\n`).join("");
}

function newsLines({ event }: LiveEvent, { request, gone, gate }: News, live: LiveStatus): readonly string[] {
  if (event === "snapshot") {
    const { gates, requests } = live.status(Date.now());
    return [...gates.map(gateLine), ...requests.map((each) => requestLine(each.id, each.state, each))];
  }
  return [
    ...(gate === undefined ? [] : [gateLine(gate)]),
    ...(request === undefined ? [] : [requestLine(request.id, request.state, request)]),
    ...(gone === undefined ? [] : [requestLine(gone.id, "gone", gone)]),
  ];
}

interface Named {
  readonly priority?: number | undefined;
  readonly client?: string | undefined;
  readonly model?: string | undefined;
  readonly label?: string | undefined;
}

function requestLine(id: string, state: string, { priority, client, model, label }: Named): string {
  const about = [client, model, label].filter((text) => text !== undefined).map(printable);
  return [id, state, priorityText(priority), ...about].join(" ");
}
