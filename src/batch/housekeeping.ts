import type { Blobs } from "../store/blobs.ts";
import type { Store } from "../store/store.ts";
import type { BatchLimits } from "./batch-limits.ts";
import { DAY_SECONDS } from "./file-desk.ts";

const EVERY_SECONDS = 60;
const ORPHANS_EVERY_SECONDS = 3_600;
/** A blob is written before the record that refers to it. */
const ORPHAN_AGE_MS = 3_600_000;

export interface HousekeepingMeans {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly limits: () => BatchLimits;
  /** Unix seconds. */
  readonly now: () => number;
}

/** Removes what has had its time: expired files, batches that ended long ago, bytes that nothing refers to. */
export class Housekeeping {
  readonly #means: HousekeepingMeans;
  #nextAt = 0;
  #orphansAt = 0;

  constructor(means: HousekeepingMeans) {
    this.#means = means;
  }

  /** To be called often; does something now and then. Rejects as the store does. */
  async tick(): Promise<void> {
    const { store, limits, now } = this.#means;
    const at = now();
    // A clock that was put back must not put off everything.
    if (at < this.#nextAt && this.#nextAt - at <= EVERY_SECONDS) return;
    this.#nextAt = at + EVERY_SECONDS;
    const expired = await store.removeExpiredFiles(at);
    await store.removeEndedBatches(at - limits().retentionDays * DAY_SECONDS);
    if (expired === 0 && at < this.#orphansAt && this.#orphansAt - at <= ORPHANS_EVERY_SECONDS) return;
    this.#orphansAt = at + ORPHANS_EVERY_SECONDS;
    await this.#removeOrphans();
  }

  async #removeOrphans(): Promise<void> {
    const { store, blobs } = this.#means;
    const old = (await blobs.list()).filter(({ ageMs }) => ageMs > ORPHAN_AGE_MS).map(({ name }) => name);
    if (old.length === 0) return;
    for (const name of await store.unusedBlobs(old)) await blobs.remove(name);
  }
}
