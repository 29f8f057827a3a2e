import type { Lane } from "../bench/lane.ts";

/** Whom the server wrote for, and how many people had nothing yet. */
export interface Cell {
  readonly by: "people" | "background" | "nobody";
  readonly waiting: number;
}

const NOBODY: Cell = { by: "nobody", waiting: 0 };

/** The history of one way as a row of cells, each for the same stretch of time. */
export class Strip {
  readonly cells: Cell[] = [];
  readonly #lane: Lane;
  readonly #cellMs: number;
  #lookedAt = 0;

  constructor(lane: Lane, cellMs: number) {
    this.#lane = lane;
    this.#cellMs = cellMs;
  }

  /** Looks at what has happened since the last look. */
  look(now: number): void {
    const lane = this.#lane;
    const since = this.#lookedAt;
    this.#lookedAt = now;
    if (lane.state === "ahead") return;
    // What the last look has begun ends with the way.
    const index = Math.floor((Math.min(now, lane.state === "over" ? lane.endedAt : now) - lane.beganAt) / this.#cellMs);
    for (let filled = this.cells.length; filled <= index; filled++) this.cells.push(this.cells.at(-1) ?? NOBODY);
    if (lane.state === "over") return;
    const heard = lane.people.some(({ lastAt = 0 }) => lastAt > since);
    const by = heard ? "people" : lane.backgroundAt > since ? "background" : "nobody";
    this.cells[index] = { by, waiting: lane.waiting };
  }
}
