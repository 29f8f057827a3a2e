/** Between two calls there is room for more than the configuration allows (1000); exact in a double up to 2 ** 43 calls. */
const STEP = 2 ** -10;

/** What a request waits for: its priority, and what the server must have in memory for it (`undefined`: nothing of its own). */
export interface Need {
  readonly priority: number;
  readonly model: string | undefined;
}

/** Requests of one need that follow each other. */
interface Run {
  /** The number of its last call. */
  tail: number;
  /** How many were let in although others of the same priority had come before them. */
  letIn: number;
  /** How many of it wait or run: behind one that is through with everybody, nobody saves anything. */
  present: number;
}

/** The line of one priority. */
interface Lane {
  /** The number of whoever came last. */
  last: number;
  readonly runs: Map<string, Run>;
}

/**
 * Lets requests for one model follow each other at a server that has to change models: a newcomer stands right behind the last of
 * its model and priority that waits or runs, and not behind everybody. Each such run takes in so many and no more, so that nobody is
 * overtaken by more than that for each other model that stood in front.
 *
 * Only places are reckoned here, from the numbers that the gate gives its calls; who goes next remains the gate's decision.
 */
export class ModelRuns {
  readonly #lanes = new Map<number, Lane>();

  /** The place of a newcomer, as the gate takes it; `undefined` for the end of the line. */
  placeFor({ priority, model }: Need, limit: number): string | undefined {
    const lane = this.#lanes.get(priority);
    const run = model === undefined ? undefined : lane?.runs.get(model);
    if (run === undefined || run.tail === lane?.last || run.letIn >= limit) return undefined;
    return String(run.tail + STEP);
  }

  /** Takes in whoever stands at the end of the line, or where {@link placeFor} said. Returns what lets it go again. */
  enter({ priority, model }: Need, id: string): { leave(): void } {
    const number = Number(id);
    const lane = this.#lanes.get(priority) ?? { last: -1, runs: new Map<string, Run>() };
    const isLast = number > lane.last;
    const before = lane.last;
    if (isLast) lane.last = number;
    if (model === undefined) return { leave: () => {} };
    this.#lanes.set(priority, lane);
    const known = lane.runs.get(model);
    const run = known === undefined || (isLast && known.tail !== before) ? begun(lane, model) : known;
    run.tail = number;
    run.present++;
    if (!isLast) run.letIn++;
    return { leave: () => this.#leave(priority, lane, model, run) };
  }

  #leave(priority: number, lane: Lane, model: string, run: Run): void {
    run.present--;
    if (run.present > 0 || lane.runs.get(model) !== run) return;
    lane.runs.delete(model);
    if (lane.runs.size === 0) this.#lanes.delete(priority);
  }
}

/** A new run, in place of one that takes in nobody more. */
function begun({ runs }: Lane, model: string): Run {
  const run = { tail: -1, letIn: 0, present: 0 };
  runs.set(model, run);
  return run;
}
