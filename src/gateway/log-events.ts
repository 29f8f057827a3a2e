import type { Logger } from "pino";
import type { Health } from "../engines/engine-words.ts";
import type { Gate } from "../gate/index.ts";
import type { Classification } from "./classify.ts";
import type { Upstream } from "./upstream.ts";

/** More names than this are a client gone wrong; a metric counts on. */
const MAX_UNKNOWN_NAMES = 100;
const MAX_NAME = 60;

/** Logs what should not happen at a gate. Returns what ends it. */
export function logGate(log: Logger, gate: Gate): () => void {
  const ends = [
    gate.on("starvation", ({ gate: name, count, thresholdMs, oldest, waiting }) => {
      const { label: request, priority, waitedMs } = oldest;
      const who = count === 1 ? "a request has" : `${count} requests have`;
      log.warn(
        { gate: name, request, priority, waitedMs: Math.round(waitedMs), waiting },
        `${who} now waited more than ${Math.round(thresholdMs / 1000)} s; the oldest is named`,
      );
    }),
    gate.on("leak", ({ gate: name, label: request, heldMs }) => {
      log.error(
        { gate: name, request, heldMs: Math.round(heldMs) },
        "a permit was lost and stays held; this is a defect",
      );
    }),
    gate.on("fault", ({ gate: name, during, error }) => {
      log.error({ gate: name, err: error }, `a listener failed during ${during}`);
    }),
    gate.on("state", ({ gate: name, state, capacity }) => {
      log.info({ gate: name, capacity }, `gate is ${state}`);
    }),
  ];
  return () => {
    for (const end of ends) end();
  };
}

/** Says once whenever a model server comes up, goes down, or turns out to be another one. */
export class UpstreamNews {
  readonly #log: Logger;
  readonly #told = new WeakMap<Upstream, { readonly health: Health; readonly title: string; readonly slots: number }>();
  readonly #withOthers = new WeakSet<Upstream>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** To be called after every look at `upstream`. */
  seen(upstream: Upstream): void {
    this.#others(upstream);
    const { health, name, url, engine, capacity } = upstream;
    const now = { health, title: engine.title, slots: capacity.slots };
    const before = this.#told.get(upstream);
    if (
      before?.health === health &&
      (health === "down" || (before.title === now.title && before.slots === now.slots))
    ) {
      return;
    }
    this.#told.set(upstream, now);
    const about = { upstream: name, url: url.origin };
    if (health === "down") this.#log.warn(about, "model server is down; asking again until it answers");
    else {
      const details = { ...about, engine: engine.title, slots: capacity.slots, slotsFrom: capacity.source };
      this.#log.info(details, `model server is ${health === "ready" ? "up" : "loading"}`);
    }
  }

  /** Once until it is known that they are gone. */
  #others(upstream: Upstream): void {
    const { foreign, name, url } = upstream;
    if (foreign === 0) this.#withOthers.delete(upstream);
    if (foreign === undefined || foreign === 0 || this.#withOthers.has(upstream)) return;
    this.#withOthers.add(upstream);
    this.#log.warn(
      { upstream: name, url: url.origin, foreign },
      "somebody uses the model server without this gateway, which therefore cannot keep its slots free for who comes first; " +
        "point that client at this gateway instead",
    );
  }
}

/** Says once for each name that a client gave as a priority and nobody knows. */
export class UnknownPriorities {
  readonly #log: Logger;
  readonly #told = new Set<string>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** To be called for every request that was classified. */
  classified({ unknown, priority }: Classification, client: string): void {
    if (unknown === undefined || this.#told.size >= MAX_UNKNOWN_NAMES) return;
    const name = unknown.slice(0, MAX_NAME);
    if (this.#told.has(name)) return;
    this.#told.add(name);
    this.#log.warn(
      { client, named: name, priority },
      "a request names an unknown priority, which counts for nothing; use foreground, background or a number",
    );
  }
}
