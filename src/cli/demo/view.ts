import { styleText } from "node:util";
import type { Lane } from "../bench/lane.ts";
import { WAY_TITLES } from "../bench/place.ts";
import { quantile } from "../bench/statistics.ts";
import { duration } from "../table.ts";
import { Strip, type Cell } from "./strip.ts";

/** Where it is shown: standard output, or what a test puts in its place. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const REDRAW_MS = 100;
const MARGIN = 4;
const MOST_CELLS = 96;
/** The line of a server that is first come, first served takes longer to be worked off than people come. */
const LONGER = 1.8;
const HIDE_CURSOR = "\u001B[?25l";
const SHOW_CURSOR = "\u001B[?25h";

const LEGEND = "█ an answer for a person   ░ background   ▲ people who wait for their first word";

/** Shows ways side by side while they run, on a terminal: who is served, and who waits. Elsewhere it shows nothing. */
export class LanesView implements Disposable {
  readonly #screen: Screen;
  readonly #strips: readonly (readonly [Lane, Strip])[];
  readonly #cells: number;
  readonly #redraw: NodeJS.Timeout | undefined;
  #lines = 0;

  /** @param forMs - how long people come. */
  constructor(screen: Screen, lanes: readonly Lane[], forMs: number) {
    this.#screen = screen;
    this.#cells = Math.max(8, Math.min(MOST_CELLS, (screen.columns ?? 80) - MARGIN));
    const cellMs = (forMs * LONGER) / this.#cells;
    this.#strips = lanes.map((lane) => [lane, new Strip(lane, cellMs)]);
    if (screen.isTTY !== true) return;
    screen.write(HIDE_CURSOR);
    this.#draw();
    this.#redraw = setInterval(() => this.#draw(), REDRAW_MS);
  }

  [Symbol.dispose](): void {
    if (this.#redraw === undefined) return;
    clearInterval(this.#redraw);
    this.#draw();
    this.#screen.write(SHOW_CURSOR);
  }

  #draw(): void {
    const lines = this.lines(performance.now());
    const up = this.#lines === 0 ? "" : `\u001B[${this.#lines}A`;
    this.#screen.write(up + lines.map((line) => `\u001B[2K${line}\n`).join(""));
    this.#lines = lines.length;
  }

  /** The picture of a moment. */
  lines(now: number): string[] {
    const lines = this.#strips.flatMap(([lane, strip]) => {
      strip.look(now);
      const cells = strip.cells.slice(0, this.#cells);
      const about = lane.state === "ahead" ? "" : caption(lane, now);
      return [
        `${styleText("bold", WAY_TITLES[lane.way])}${about.slice(0, this.#cells + MARGIN - 1 - WAY_TITLES[lane.way].length)}`,
        `  ${cells.map(served).join("")}`,
        `  ${cells.map(waiting).join("")}`,
      ];
    });
    return [...lines, styleText("dim", LEGEND.slice(0, this.#cells + MARGIN - 1))];
  }
}

function caption(lane: Lane, now: number): string {
  const { firstTokens } = lane;
  const heard = firstTokens.length === 0 ? "" : `first word after ${duration(quantile(firstTokens, 0.5))}, `;
  return `: ${lane.answered} of ${lane.people.length} answered, ${heard}background ${lane.tokensPerSecond(now).toFixed(0)} tokens/s`;
}

function served({ by }: Cell): string {
  if (by === "nobody") return " ";
  return by === "people" ? styleText("green", "█") : styleText("blue", "░");
}

function waiting({ waiting: count }: Cell): string {
  return count === 0 ? " " : styleText("red", "▲");
}
