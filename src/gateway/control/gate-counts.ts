import type { RequestRecord } from "../request-record.ts";

/** How many requests got a permit, of each class. */
export interface Granted {
  readonly foreground: number;
  readonly background: number;
}

/** Who is at one gate, told from the requests' own records: a few numbers that cost nothing for each of them. */
export class GateCounts {
  readonly #running = new Set<RequestRecord>();
  /** The priority that each waiter came with: an operator may change that of the record. */
  readonly #waiting = new Map<RequestRecord, number>();
  readonly #waitingByPriority = new Map<number, number>();
  granted: Granted = { foreground: 0, background: 0 };

  get running(): readonly RequestRecord[] {
    return [...this.#running];
  }

  /** Those that wait and are as soon as `priority` or sooner. */
  ahead(priority: number): number {
    let ahead = 0;
    for (const [other, count] of this.#waitingByPriority) if (other <= priority) ahead += count;
    return ahead;
  }

  enqueued(record: RequestRecord, priority: number): void {
    this.#waiting.set(record, priority);
    this.#add(priority, 1);
  }

  /** A second call, as for a first token, changes nothing. */
  dispatched(record: RequestRecord, isForeground: boolean): void {
    this.#leaveLine(record);
    if (this.#running.has(record)) return;
    this.#running.add(record);
    const { foreground, background } = this.granted;
    this.granted = isForeground
      ? { foreground: foreground + 1, background }
      : { foreground, background: background + 1 };
  }

  left(record: RequestRecord): void {
    this.#leaveLine(record);
    this.#running.delete(record);
  }

  #leaveLine(record: RequestRecord): void {
    const priority = this.#waiting.get(record);
    if (priority === undefined) return;
    this.#waiting.delete(record);
    this.#add(priority, -1);
  }

  #add(priority: number, change: number): void {
    const count = (this.#waitingByPriority.get(priority) ?? 0) + change;
    if (count === 0) this.#waitingByPriority.delete(priority);
    else this.#waitingByPriority.set(priority, count);
  }
}
