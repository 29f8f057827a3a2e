import type { UpstreamView } from "../../gateway/control/status-view.ts";
import type { Model, Warning } from "./model.ts";
import { count } from "./words.ts";

/** Something that is wrong, in words. */
export interface Alert {
  readonly key: string;
  readonly level: "bad" | "warn";
  readonly text: string;
  /** What to do about it. */
  readonly remedy?: string | undefined;
  /** The request it is about. */
  readonly request?: string | undefined;
  /** When it was found, where it is an event and not a condition. */
  readonly at?: number | undefined;
}

/** An event older than this is no news; the log has it. */
const EVENT_MS = 600_000;

const REMEDY: Readonly<Record<Warning["kind"], string | undefined>> = {
  starvation: "Fewer sooner requests, more capacity or queue.agingMs would let it through.",
  leak: undefined,
  stuck: undefined,
};

/** What is wrong at `gate` now, or was lately. */
export function alertsOf(model: Model, gate: string, now: number): readonly Alert[] {
  const upstreams = [...model.upstreams.values()].filter((upstream) => upstream.gate === gate);
  const events = [...model.warnings.values()].filter((each) => {
    // That a server keeps its slot is a condition too, and told as that.
    return each.gate === gate && each.kind !== "stuck" && now - each.at < EVENT_MS;
  });
  return [
    ...(model.gateway.state === "draining" ? [DRAINING] : []),
    ...upstreams.flatMap(alertsAbout),
    ...events.toReversed().map(({ id, at, kind, text, request }): Alert => ({
      key: `warning ${id}`,
      level: kind === "leak" ? "bad" : "warn",
      text,
      remedy: REMEDY[kind],
      request,
      at,
    })),
  ];
}

const DRAINING: Alert = { key: "draining", level: "warn", text: "Headgate is shutting down: no new work is taken." };

function alertsAbout({ name, health, stuck, foreign }: UpstreamView): readonly Alert[] {
  const alerts: Alert[] = [];
  if (health === "down") {
    alerts.push({
      key: `down ${name}`,
      level: "bad",
      text: `${name} does not answer.`,
      remedy: "Start the model server; Headgate keeps asking.",
    });
  }
  if (health === "loading")
    alerts.push({ key: `loading ${name}`, level: "warn", text: `${name} is loading its model.` });
  if (stuck) {
    alerts.push({
      key: `stuck ${name}`,
      level: "bad",
      text: `${name} did not free its slot after an abort, so nobody steps aside there any more.`,
      remedy: "Restart the model server, then Headgate; or raise preempt.freeWithinMs.",
    });
  }
  if (foreign !== null && foreign > 0) {
    alerts.push({
      key: `foreign ${name}`,
      level: "warn",
      text: `${count(foreign, "request")} at ${name} did not come through Headgate.`,
      remedy: "Point that client at Headgate, or its slots cannot be kept for people.",
    });
  }
  return alerts;
}
