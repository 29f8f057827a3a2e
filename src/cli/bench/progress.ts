import { duration } from "../table.ts";
import type { Lane } from "./lane.ts";
import { WAYS, WAY_TITLES } from "./place.ts";
import type { WayResult } from "./results.ts";
import type { Load } from "./run-way.ts";
import type { Scenario, Watcher } from "./scenarios.ts";

/** Where progress is shown: standard error, or what a test puts in its place. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const REDRAW_MS = 200;
const BAR = 24;
const CLEAR_LINE = "\r\u001B[K";

/** Shows how far a bench is: a bar on a terminal, a line for each step elsewhere. */
export class Progress implements Watcher, Disposable {
  readonly #screen: Screen;
  readonly #ways: number;
  #done = 0;
  #line: (() => string) | undefined;
  #redraw: NodeJS.Timeout | undefined;

  constructor(screen: Screen, scenarios: number) {
    this.#screen = screen;
    this.#ways = scenarios * WAYS.length;
  }

  warmingUp(scenario: Scenario): void {
    this.#show(`${nameOf(scenario)}: warming up`, () => `${this.#bar(0)} ${nameOf(scenario)}: warming up`);
  }

  measuring(scenario: Scenario, lane: Lane, load: Load): void {
    const name = `${nameOf(scenario)}: ${WAY_TITLES[lane.way]}`;
    this.#show(`${name}: ${load.arrivals.length} people within ${duration(load.forMs)}`, () => {
      const now = performance.now();
      const part = lane.state === "running" ? Math.min(1, (now - lane.beganAt) / load.forMs) : 0;
      const speed = lane.tokensPerSecond(now).toFixed(0);
      const people = `${lane.answered} of ${load.arrivals.length} people answered, ${lane.waiting} waiting`;
      return `${this.#bar(part)} ${name}: ${people}, background ${speed} tokens/s`;
    });
  }

  measured(scenario: Scenario, { way, people, background }: WayResult): void {
    this.#done++;
    const first =
      people.firstToken === null ? "nobody heard anything" : `first token p50 ${duration(people.firstToken.p50Ms)}`;
    this.#say(
      `${nameOf(scenario)}: ${WAY_TITLES[way]}: ${first}, background ${background.tokensPerSecond.toFixed(0)} tokens/s`,
    );
  }

  /** A line that stays. */
  note(text: string): void {
    this.#say(text);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#redraw);
    this.#line = undefined;
    if (this.#screen.isTTY === true) this.#screen.write(CLEAR_LINE);
  }

  #show(step: string, line: () => string): void {
    if (this.#screen.isTTY !== true) return this.#say(step);
    this.#line = line;
    this.#redraw ??= setInterval(() => this.#draw(), REDRAW_MS);
    this.#draw();
  }

  #say(text: string): void {
    this.#screen.write(this.#screen.isTTY === true ? `${CLEAR_LINE}${text}\n` : `${text}\n`);
    this.#draw();
  }

  #draw(): void {
    if (this.#line === undefined || this.#screen.isTTY !== true) return;
    this.#screen.write(CLEAR_LINE + this.#line().slice(0, (this.#screen.columns ?? 80) - 1));
  }

  #bar(part: number): string {
    const share = Math.min(1, (this.#done + part) / this.#ways);
    const full = Math.round(share * BAR);
    return `${"█".repeat(full)}${"░".repeat(BAR - full)} ${String(Math.floor(share * 100)).padStart(3)} %`;
  }
}

function nameOf({ people, background }: Scenario): string {
  return `${people} over ${background}`;
}
