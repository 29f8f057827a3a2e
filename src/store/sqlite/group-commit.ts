import { requireFreeSpace } from "../free-space.ts";
import { StoreError } from "../store-error.ts";
import { dropSome, hasLeftovers } from "./leftovers.ts";
import type { OwnedDatabase } from "./open-database.ts";
import { type Method, NEWCOMERS, OPERATIONS, READS } from "./operations.ts";

/** One call of a method of the store, on its way into the thread. */
export interface Call {
  readonly id: number;
  readonly method: Method;
  readonly args: readonly unknown[];
}

/** What became of a call. */
export type Outcome =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: unknown };

/**
 * Runs the calls that came in while the last commit was under way, all their writes in one transaction: the sync to the disk is what a
 * commit costs, and it costs as much for one as for thirty. Nobody is answered before it; each call succeeds or fails on its own.
 */
export class GroupCommit {
  readonly #owned: OwnedDatabase;
  readonly #directory: string;
  readonly #minFreeBytes: number;

  constructor(owned: OwnedDatabase, directory: string, minFreeBytes: number) {
    this.#owned = owned;
    this.#directory = directory;
    this.#minFreeBytes = minFreeBytes;
  }

  run(calls: readonly Call[]): Outcome[] {
    // Reads see what is committed, so they come first: behind the writes they could see what is then rolled back.
    const outcomes = calls.filter(({ method }) => READS.has(method)).map((call) => this.#attempt(call));
    const writes = calls.filter(({ method }) => !READS.has(method));
    return writes.length === 0 ? outcomes : [...outcomes, ...this.#write(writes)];
  }

  /** Does a piece of what can wait, and says whether there is more. */
  tidy(): boolean {
    const { db } = this.#owned;
    if (!hasLeftovers(db)) return false;
    db.transaction(() => {
      this.#requireOwnership();
      dropSome(db);
    });
    return true;
  }

  #write(calls: readonly Call[]): Outcome[] {
    const { db } = this.#owned;
    try {
      return db.transaction(() => {
        this.#requireOwnership();
        return calls.map((call) => {
          const outcome = this.#attempt(call, true);
          // A full disk rolls back everything, also what others of this group had written.
          if (!db.isInTransaction && "error" in outcome) throw outcome.error;
          return outcome;
        });
      });
    } catch (error) {
      return calls.map(({ id }) => ({ id, error }));
    }
  }

  #attempt(call: Call, inTransaction = false): Outcome {
    const { id, method } = call;
    try {
      if (NEWCOMERS.has(method)) requireFreeSpace(this.#directory, this.#minFreeBytes);
      return { id, value: inTransaction ? this.#owned.db.part(() => this.#invoke(call)) : this.#invoke(call) };
    } catch (error) {
      return { id, error };
    }
  }

  #invoke({ method, args }: Call): unknown {
    const operation = OPERATIONS[method] as (db: OwnedDatabase["db"], ...rest: readonly unknown[]) => unknown;
    return operation(this.#owned.db, ...args);
  }

  /** The lock keeps others out. Should it fail (a network file system), the elder of two owners stops here. */
  #requireOwnership(): void {
    const { db, epoch } = this.#owned;
    if (db.get("SELECT epoch FROM owner")?.["epoch"] === epoch) return;
    throw new StoreError("store_closed", `another Headgate took ${this.#directory} over`);
  }
}
