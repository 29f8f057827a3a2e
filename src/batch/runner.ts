import type { Clock } from "../gate/index.ts";
import type { Blobs } from "../store/blobs.ts";
import { isSuccess } from "../store/line-outcome.ts";
import type { ClaimedLine, Settlement } from "../store/line-record.ts";
import type { Store } from "../store/store.ts";
import { backoffMs } from "./backoff.ts";
import type { BatchObserver, LineFate } from "./batch-observer.ts";
import { ClosedModels } from "./closed-models.ts";
import { Flight, type FlightMeans } from "./flight.ts";
import { LineReader } from "./line-reader.ts";

/** Some wait at the gate for each that runs, so that the slot never waits for the disk, be the lines short and its commits slow. */
const LEAST_WINDOW = 4;
const MOST_WINDOW = 256;
/** While no server is to be had, lines are put off by the hundred and not by the handful. */
const PUT_OFF_AT_ONCE = 512;
/** No line waits longer for its next attempt; one that seems to was written before the wall clock was put back. */
const MOST_RETRY_MS = 11 * 60_000;

export interface RunnerMeans extends Omit<FlightMeans, "closed" | "lines" | "maySend"> {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly clock: Clock;
  /** How many lines the model servers can work on at once. */
  readonly capacity: () => number;
  readonly observer: BatchObserver;
  /** Something was recorded of a batch; so many of its lines came to their end by it. */
  readonly onRecorded: (batchId: string, ended: number) => void;
  /** Nothing is in flight, and nothing could be taken up. */
  readonly onIdle: () => void;
}

/**
 * Takes lines from the store, asks them and records the answers: one call to the store records what is there and takes up what comes
 * next. It holds a small window of lines, so the order of all others is the store's business, and a change of it acts at once.
 *
 * What was answered is kept until it is recorded, however long the store fails; nothing new begins meanwhile.
 */
export class Runner {
  readonly #means: RunnerMeans;
  readonly #flightMeans: FlightMeans;
  readonly #flights = new Map<Flight, Promise<void>>();
  #settlements: Settlement[] = [];
  #pumping: Promise<void> | undefined;
  #woken = false;
  #stopped = false;
  #failures = 0;
  #putOff = 0;
  /** The time that the next claim goes by, where the runner's own lies behind it. */
  #leapMs = 0;
  #callOffAlarm: () => void = () => {};

  constructor(means: RunnerMeans) {
    this.#means = means;
    this.#flightMeans = {
      ...means,
      lines: new LineReader(means.blobs),
      closed: new ClosedModels(),
      maySend: () => this.#maySend(),
    };
  }

  get inFlight(): number {
    return this.#flights.size;
  }

  /** There may be lines to take up. */
  wake(): void {
    this.#woken = true;
    // While the store fails it is asked again by the alarm alone.
    if (this.#stopped || this.#pumping !== undefined || this.#failures > 0) return;
    this.#start();
  }

  /** Gives back the lines of a batch, if need be only those that still wait for a model server. */
  callOff(batchId: string, onlyWaiting: boolean): void {
    for (const flight of this.#flights.keys()) if (flight.line.batchId === batchId) flight.callOff(onlyWaiting);
  }

  /** Gives everything back and records what there is. What cannot be recorded any more is asked again by the next process. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#callOffAlarm();
    for (const flight of this.#flights.keys()) flight.callOff(false);
    await Promise.all(this.#flights.values());
    await this.#pumping;
    if (this.#settlements.length > 0) await this.#settle(0).catch(() => {});
  }

  #start(): void {
    this.#callOffAlarm();
    this.#pumping = this.#pump().finally(() => {
      this.#pumping = undefined;
      // Somebody called while the last round ended.
      if (this.#woken) this.wake();
    });
  }

  async #pump(): Promise<void> {
    while (this.#woken && !this.#stopped) {
      this.#woken = false;
      const limit = Math.max(0, this.#window() - this.#flights.size + this.#putOff);
      try {
        const claimed = await this.#settle(limit);
        for (const line of claimed) this.#launch(line);
        this.#recovered();
        if (claimed.length < limit) await this.#ranDry();
      } catch (error) {
        this.#failed(error);
        return;
      }
    }
  }

  #window(): number {
    return Math.min(MOST_WINDOW, Math.max(LEAST_WINDOW, 2 * this.#means.capacity()));
  }

  #maySend(): boolean {
    this.#putOff = 0;
    let sent = 0;
    for (const flight of this.#flights.keys()) if (flight.sent) sent += 1;
    return !this.#stopped && sent < this.#window();
  }

  async #settle(limit: number): Promise<readonly ClaimedLine[]> {
    const { store, now } = this.#means;
    const settlements = this.#settlements;
    this.#settlements = [];
    try {
      const nowMs = Math.max(now(), this.#leapMs);
      const { accepted, claimed } = await store.settle(settlements, { limit, nowMs });
      this.#report(settlements.filter((_, index) => accepted[index]));
      return claimed;
    } catch (error) {
      this.#settlements = [...settlements, ...this.#settlements];
      throw error;
    }
  }

  #launch(line: ClaimedLine): void {
    const flight = new Flight(line, this.#flightMeans);
    if (this.#stopped) flight.callOff(false);
    this.#flights.set(flight, this.#follow(flight));
  }

  async #follow(flight: Flight): Promise<void> {
    const settlement = await flight.settlement();
    this.#flights.delete(flight);
    this.#settlements.push(settlement);
    const { result } = settlement;
    if (!flight.sent && result.kind === "giveBack" && result.notBefore !== undefined) this.#putOff = PUT_OFF_AT_ONCE;
    this.wake();
  }

  #report(settlements: readonly Settlement[]): void {
    const fates = new Map<LineFate, number>();
    const ended = new Map<string, number>();
    for (const { batchId, result } of settlements) {
      const fate = fateOf(result);
      fates.set(fate, (fates.get(fate) ?? 0) + 1);
      const isOver = fate === "completed" || fate === "failed";
      ended.set(batchId, (ended.get(batchId) ?? 0) + (isOver ? 1 : 0));
    }
    for (const [fate, count] of fates) this.#means.observer.settled?.(fate, count);
    for (const [batchId, lines] of ended) this.#means.onRecorded(batchId, lines);
  }

  /** Wakes itself when the next line that failed may be tried again. */
  async #ranDry(): Promise<void> {
    const { store, now, onIdle } = this.#means;
    if (this.#woken) return;
    if (this.#flights.size === 0) onIdle();
    const at = await store.nextRetryAt();
    if (at === undefined) return;
    if (at - now() > MOST_RETRY_MS) this.#leapMs = at;
    this.#alarm(Math.max(0, at - Math.max(now(), this.#leapMs)));
  }

  #alarm(delayMs: number): void {
    this.#callOffAlarm();
    if (this.#stopped) return;
    this.#callOffAlarm = this.#means.clock.after(
      Math.ceil(delayMs),
      () => {
        this.#woken = true;
        if (this.#pumping === undefined) this.#start();
      },
      true,
    );
  }

  #failed(error: unknown): void {
    this.#failures += 1;
    this.#woken = true;
    if (this.#failures === 1) this.#means.observer.trouble?.(error);
    this.#alarm(backoffMs(this.#failures));
  }

  #recovered(): void {
    if (this.#failures === 0) return;
    this.#failures = 0;
    this.#means.observer.well?.();
  }
}

function fateOf(result: Settlement["result"]): LineFate {
  if (result.kind === "retry") return "retried";
  if (result.kind === "giveBack") return "given_back";
  return isSuccess(result) ? "completed" : "failed";
}
