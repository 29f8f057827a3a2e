import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import fc, { type Arbitrary } from "fast-check";
import { Gate, isGateError, type Permit } from "../../src/gate/index.ts";
import { ManualClock } from "../support/manual-clock.ts";

type Under = "nothing" | "own" | "shared";
interface Join {
  readonly do: "join";
  readonly priority: number;
  readonly under: Under;
  readonly timed: boolean;
}
type Move =
  | Join
  | { readonly do: "abort"; readonly who: number }
  | { readonly do: "serve" | "abortShared" | "advance" };

const WORST_PRIORITY = 200;
const join: Arbitrary<Join> = fc.record({
  do: fc.constant("join" as const),
  priority: fc.oneof(fc.constantFrom(0, 100), fc.integer({ min: 0, max: WORST_PRIORITY })),
  under: fc.constantFrom<Under[]>("nothing", "nothing", "own", "shared"),
  timed: fc.boolean(),
});
export const deepMove: Arbitrary<Move> = fc.oneof(
  { weight: 500, arbitrary: join },
  { weight: 350, arbitrary: fc.constant<Move>({ do: "serve" }) },
  { weight: 100, arbitrary: fc.record({ do: fc.constant("abort" as const), who: fc.nat() }) },
  { weight: 1, arbitrary: fc.constantFrom<Move[]>({ do: "abortShared" }, { do: "advance" }) },
);

interface Visitor {
  readonly priority: number;
  readonly controller: AbortController | undefined;
  readonly deadline: number;
  /** What must become of it; `undefined` while it must wait. */
  fate: "granted" | "aborted" | "queue_timeout" | undefined;
}

const DEPTH = 20_000;
const TIMEOUT_MS = 60_000;
const ADVANCE_MS = 10_000;

/** A strict gate with one permit and a line about {@link DEPTH} deep, beside a list for each priority. */
export class DeepLine {
  readonly #clock = new ManualClock();
  readonly #gate = new Gate({ clock: this.#clock, starvationWarnMs: Infinity });
  /** Who waits, by priority, in order of arrival; swept now and then of those who left. */
  readonly #lines: Visitor[][] = Array.from({ length: WORST_PRIORITY + 1 }, () => []);
  #shared = new AbortController();
  readonly #faults: string[] = [];
  #permit: Permit | undefined;
  #pending = 0;

  async play(moves: readonly Move[]): Promise<void> {
    while (this.#gate.waiting < DEPTH) this.#join({ do: "join", priority: 100, under: "nothing", timed: false });
    await nextTurn();
    for (const move of moves) {
      if (move.do === "join") this.#join(move);
      else if (move.do === "serve") await this.#serve();
      else if (move.do === "abort") this.#abort(move.who);
      else if (move.do === "abortShared") this.#abortShared();
      else this.#advance();
    }
    while (this.#gate.waiting > DEPTH) await this.#serve();
    await nextTurn();
    this.#sweep();
    assert.deepEqual(this.#faults, []);
    const waiting = this.#lines.flat().length;
    assert.deepEqual([this.#gate.waiting, this.#pending, this.#gate.held], [waiting, waiting, 1]);
  }

  /** Serves everybody, in order to the last. */
  async empty(): Promise<void> {
    while (this.#gate.waiting > 0) await this.#serve();
    this.#permit!.release();
    await nextTurn();
    assert.deepEqual(this.#faults, []);
    assert.deepEqual([this.#gate.held, this.#pending, this.#clock.pending.all], [0, 0, 0]);
  }

  #join({ priority, under, timed }: Join): void {
    const own = under === "own" ? new AbortController() : undefined;
    const controller = under === "shared" ? this.#shared : own;
    const deadline = timed ? this.#clock.now() + TIMEOUT_MS : Infinity;
    const visitor: Visitor = { priority, controller, deadline, fate: this.#gate.held === 0 ? "granted" : undefined };
    if (visitor.fate === undefined) this.#lines[priority]!.push(visitor);
    this.#pending += 1;
    const options = { priority, signal: controller?.signal, timeoutMs: timed ? TIMEOUT_MS : undefined };
    this.#gate.acquire(options).then(
      (permit) => {
        this.#permit = permit;
        return this.#settled(visitor, "granted");
      },
      (error: unknown) => this.#settled(visitor, isGateError(error) ? error.code : "aborted"),
    );
  }

  #settled(visitor: Visitor, outcome: string): void {
    this.#pending -= 1;
    if (visitor.fate !== outcome) this.#faults.push(`${outcome}, not ${visitor.fate}: priority ${visitor.priority}`);
  }

  async #serve(): Promise<void> {
    const first = this.#takeFirst();
    if (first !== undefined) first.fate = "granted";
    const permit = this.#permit!;
    this.#permit = undefined;
    permit.release();
    // The permit comes to its new holder in the turn of microtasks that the release began.
    await Promise.resolve();
    assert.equal(this.#permit === undefined, first === undefined);
  }

  #abort(who: number): void {
    const line = this.#lines[who % this.#lines.length]!;
    const visitor = line[who % line.length];
    if (visitor === undefined || visitor.fate !== undefined || visitor.controller === undefined) return;
    if (visitor.controller === this.#shared) return;
    visitor.fate = "aborted";
    visitor.controller.abort();
  }

  #abortShared(): void {
    for (const visitor of this.#waiting()) if (visitor.controller === this.#shared) visitor.fate = "aborted";
    this.#shared.abort();
    this.#shared = new AbortController();
  }

  #advance(): void {
    const now = this.#clock.now() + ADVANCE_MS;
    for (const visitor of this.#waiting()) if (visitor.deadline <= now) visitor.fate = "queue_timeout";
    this.#clock.advance(ADVANCE_MS);
  }

  #takeFirst(): Visitor | undefined {
    for (const line of this.#lines) {
      const index = line.findIndex(({ fate }) => fate === undefined);
      const first = line[index];
      line.splice(0, index === -1 ? line.length : index + 1);
      if (first !== undefined) return first;
    }
    return undefined;
  }

  *#waiting(): Iterable<Visitor> {
    for (const line of this.#lines) for (const visitor of line) if (visitor.fate === undefined) yield visitor;
  }

  #sweep(): void {
    for (const [priority, line] of this.#lines.entries()) {
      this.#lines[priority] = line.filter(({ fate }) => fate === undefined);
    }
  }
}
