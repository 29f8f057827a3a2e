import type { Clock } from "../gate/index.ts";
import type { BatchRecord } from "../store/batch-record.ts";
import { hasEnded } from "../store/batch-life.ts";
import type { Blobs } from "../store/blobs.ts";
import type { Store } from "../store/store.ts";
import type { AskLine } from "./ask.ts";
import { BatchDesk, type BatchChange, type BatchDeskMeans } from "./batch-desk.ts";
import type { BatchLimits } from "./batch-limits.ts";
import type { BatchObserver } from "./batch-observer.ts";
import { FileDesk } from "./file-desk.ts";
import { finalize } from "./finalizing.ts";
import { Housekeeping } from "./housekeeping.ts";
import { checkInput } from "./input-check.ts";
import { Jobs } from "./jobs.ts";
import { Runner } from "./runner.ts";

/** How late a deadline may be noticed, above all after the wall clock was put forward. */
const LOOK_MS = 15_000;
const SOONEST_LOOK_MS = 100;

export interface BatchServiceOptions {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly limits: () => BatchLimits;
  readonly ask: AskLine;
  /** How many lines the model servers can work on at once. */
  readonly capacity: () => number;
  /** For waits and retries; it never jumps. */
  readonly clock: Clock;
  /** The wall clock, for deadlines and everything that is shown. Unix milliseconds. */
  readonly wallNow?: () => number;
  readonly observer: BatchObserver;
}

/**
 * Durable batches: takes files and batches in, runs their lines whenever the gate has time for them, and keeps their results. All state is
 * in the store, so a new process goes on where the last one ended, whatever ended it.
 */
export class BatchService {
  readonly files: FileDesk;
  readonly batches: BatchDesk;
  readonly #options: BatchServiceOptions;
  readonly #runner: Runner;
  readonly #jobs: Jobs;
  readonly #housekeeping: Housekeeping;
  readonly #open = new Map<string, BatchRecord>();
  /** Lines of a batch that have not ended. */
  readonly #left = new Map<string, number>();
  readonly #closing = new AbortController();
  #looking: Promise<void> | undefined;
  #closed: Promise<void> | undefined;
  /** Who fails at the moment: the runner, the look at all batches, or work on one. */
  readonly #troubled = new Set<string>();
  #callOffAlarm: () => void = () => {};

  constructor(options: BatchServiceOptions) {
    this.#options = options;
    const { store, blobs, limits, clock, observer } = options;
    const now = (): number => this.#seconds();
    const origin = this.#wallNow() - clock.now();
    const onChange: BatchDeskMeans["onChange"] = (batch, what) => this.#changed(batch, what);
    this.files = new FileDesk({ store, blobs, limits, now });
    this.batches = new BatchDesk({ store, files: this.files, now, onChange });
    this.#jobs = new Jobs(clock, {
      trouble: (id, error) => this.#trouble(id, error),
      done: (id) => this.#well(id),
    });
    this.#housekeeping = new Housekeeping({ store, blobs, limits, now });
    this.#runner = new Runner({
      ...options,
      observer: {
        settled: (fate, count) => observer.settled?.(fate, count),
        trouble: (error) => this.#trouble("runner", error),
        well: () => this.#well("runner"),
      },
      now: () => origin + clock.now(),
      maxAttempts: () => limits().maxAttempts,
      onRecorded: (id, ended) => this.#recorded(id, ended),
      onIdle: () => this.#tryToFinalize(),
    });
  }

  /** Batches that have not ended, as far as they are known: none before the store was asked. */
  get open(): Iterable<BatchRecord> {
    return this.#open.values();
  }

  get inFlight(): number {
    return this.#runner.inFlight;
  }

  /** Goes on with what an earlier process left open. Never rejects: a store that cannot be had is asked again. */
  async start(): Promise<void> {
    await this.#look();
  }

  /** Gives running lines back and closes the store. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort(new Error("the gateway goes down"));
    this.#callOffAlarm();
    await this.#looking;
    await this.#jobs.close();
    await this.#runner.stop();
    await this.#options.store.close();
  }

  #wallNow(): number {
    return (this.#options.wallNow ?? Date.now)();
  }

  #seconds(): number {
    return Math.floor(this.#wallNow() / 1000);
  }

  #changed(batch: BatchRecord, what: BatchChange): void {
    this.#open.set(batch.id, batch);
    switch (what) {
      case "created":
        this.#options.observer.created?.(batch);
        this.#check(batch);
        return this.#setAlarm();
      case "paused":
        return this.#runner.callOff(batch.id, true);
      case "unpaused":
        return this.#runner.wake();
      case "cancelled":
        return this.#endEarly(batch);
    }
  }

  #check(batch: BatchRecord): void {
    this.#jobs.run(batch.id, async () => {
      const { store, blobs, limits, observer } = this.#options;
      const { signal } = this.#closing;
      const means = { store, blobs, limits: limits(), now: () => this.#seconds(), signal };
      const checked = await checkInput(batch, means).catch((error: unknown) => this.#unreadable(batch, error));
      this.#note(checked);
      if (checked.status === "failed") observer.ended?.(checked);
      else if (checked.ending !== null) this.#finalize(checked.id);
      else {
        observer.started?.(checked);
        this.#runner.wake();
      }
    });
  }

  /** A blob that is gone will not come back. */
  async #unreadable(batch: BatchRecord, error: unknown): Promise<BatchRecord> {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    const message = "The input file is no longer there.";
    const errors = [{ code: "input_unreadable", message, line: null, param: "input_file_id" }];
    return this.#options.store.fail(batch.id, errors, this.#seconds());
  }

  #endEarly(batch: BatchRecord): void {
    this.#note(batch);
    this.#runner.callOff(batch.id, false);
    // Lines in flight come back first, and their last one calls for this again.
    this.#finalize(batch.id);
  }

  /** Once what is being done for the batch is done. No effect while lines are open. */
  #finalize(id: string): void {
    this.#jobs.run(id, async () => {
      const { store, blobs, limits, observer } = this.#options;
      const { retentionDays } = limits();
      const means = { store, blobs, retentionDays, now: () => this.#seconds(), observer };
      this.#note(await finalize(id, means));
    });
  }

  #note(batch: BatchRecord): void {
    const { id, total, completed, failed } = batch;
    if (hasEnded(batch)) {
      this.#open.delete(id);
      this.#left.delete(id);
      return;
    }
    this.#open.set(id, batch);
    if (batch.status !== "validating" && !this.#left.has(id)) this.#left.set(id, total - completed - failed);
  }

  #recorded(id: string, ended: number): void {
    const left = (this.#left.get(id) ?? Infinity) - ended;
    this.#left.set(id, left);
    const { ending = null } = this.#open.get(id) ?? {};
    if (left <= 0 || ending !== null) this.#finalize(id);
  }

  #tryToFinalize(): void {
    for (const { id, status } of this.#open.values()) {
      if (status !== "validating" && !this.#jobs.isBusy(id)) this.#finalize(id);
    }
  }

  #trouble(who: string, error: unknown): void {
    if (this.#closing.signal.aborted) return;
    if (this.#troubled.size === 0) this.#options.observer.trouble?.(error);
    this.#troubled.add(who);
  }

  #well(who: string): void {
    if (this.#troubled.delete(who) && this.#troubled.size === 0) this.#options.observer.well?.();
  }

  /** Looks at every open batch: what is to be done next for it, and whether its time is over. */
  async #look(): Promise<void> {
    this.#looking = this.#lookOnce().catch((error: unknown) => this.#trouble("look", error));
    await this.#looking;
    this.#setAlarm();
  }

  async #lookOnce(): Promise<void> {
    const { store } = this.#options;
    for (const batch of await store.openBatches()) {
      this.#note(batch);
      if (batch.ending === null && batch.finalizingAt === null && batch.expiresAt <= this.#seconds()) {
        const ended = await store.end(batch.id, "expired", this.#seconds());
        if (ended !== undefined) this.#endEarly(ended);
      } else if (this.#jobs.isBusy(batch.id)) continue;
      else if (batch.status === "validating") this.#check(batch);
      else if (batch.ending !== null || batch.finalizingAt !== null) this.#finalize(batch.id);
    }
    if (this.#open.size > 0) this.#runner.wake();
    await this.#housekeeping.tick();
    this.#well("look");
  }

  #setAlarm(): void {
    this.#callOffAlarm();
    if (this.#closing.signal.aborted) return;
    const now = this.#wallNow();
    const next = Math.min(now + LOOK_MS, ...[...this.#open.values()].map(({ expiresAt }) => expiresAt * 1000));
    const delayMs = Math.max(SOONEST_LOOK_MS, next - now);
    this.#callOffAlarm = this.#options.clock.after(delayMs, () => void this.#look(), false);
  }
}
