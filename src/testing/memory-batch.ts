import { created, finalizing, isClaimable, isValidating, takesOutcomes } from "../store/batch-life.ts";
import type { BatchRecord, NewBatch } from "../store/batch-record.ts";
import { isSuccess, neverRan } from "../store/line-outcome.ts";
import type { ClaimedLine, LineOutcome, LineResult, NewLine, Settlement } from "../store/line-record.ts";
import type { Store } from "../store/store.ts";

interface Line extends NewLine {
  state: "pending" | "waiting" | "claimed" | "ended";
  attempt: number;
  retryAt: number;
  outcome: LineOutcome | undefined;
}

/** A batch and its lines, in memory. */
export class MemoryBatch {
  record: BatchRecord;
  #lines: Line[] = [];

  constructor(batch: NewBatch) {
    this.record = created(batch);
  }

  addLines(lines: readonly NewLine[]): void {
    if (!isValidating(this.record)) return;
    for (const line of lines) {
      if (this.#lines.some(({ n }) => n === line.n)) continue;
      this.#lines.push({ ...line, state: "pending", attempt: 0, retryAt: 0, outcome: undefined });
    }
    this.#lines.sort((a, b) => a.n - b.n);
  }

  dropLines(): void {
    this.#lines = [];
  }

  releaseClaims(): void {
    for (const line of this.#lines) if (line.state === "claimed") line.state = "pending";
  }

  makeDue(nowMs: number): void {
    for (const line of this.#lines) if (line.state === "waiting" && line.retryAt <= nowMs) line.state = "pending";
  }

  retryTimes(): number[] {
    return this.#lines.filter(({ state }) => state === "waiting").map(({ retryAt }) => retryAt);
  }

  claim(limit: number): ClaimedLine[] {
    if (!isClaimable(this.record)) return [];
    const { id: batchId, tenant, endpoint, priority, expiresAt, inputBlob } = this.record;
    const pending = this.#lines
      .filter(({ state }) => state === "pending")
      .sort((a, b) => a.group - b.group || a.n - b.n);
    return pending.slice(0, limit).map((line) => {
      line.state = "claimed";
      line.attempt += 1;
      const { n, customId, offset, length, attempt } = line;
      return { batchId, tenant, endpoint, priority, expiresAt, inputBlob, n, customId, offset, length, attempt };
    });
  }

  settle({ n, attempt, result }: Settlement): boolean {
    const line = this.#lines.find((candidate) => candidate.n === n);
    if (line === undefined || line.state === "ended" || !takesOutcomes(this.record)) return false;
    const isCurrent = line.state === "claimed" && line.attempt === attempt;
    switch (result.kind) {
      case "retry":
        if (isCurrent) Object.assign(line, { state: "waiting", retryAt: result.retryAt });
        return isCurrent;
      case "giveBack":
        if (isCurrent) giveBack(line, result.notBefore);
        return isCurrent;
      case "answered":
      case "unanswered":
        if (!isCurrent && !isSuccess(result)) return false;
        line.state = "ended";
        line.outcome = result;
        this.#count(result);
        return true;
    }
  }

  finalize(ids: Parameters<Store["finalize"]>[1]): void {
    const waits = this.#lines.some(({ state }) => state === "pending" || state === "waiting");
    const inFlight = this.#lines.some(({ state }) => state === "claimed");
    const open = inFlight || (waits && this.record.ending === null);
    this.record = finalizing(this.record, { open, neverRan: waits }, ids);
  }

  results({ which, after, limit }: Parameters<Store["results"]>[1]): LineResult[] {
    const found: LineResult[] = [];
    for (const { n, customId, outcome } of this.#lines) {
      if (n <= after || found.length === limit) continue;
      if (outcome !== undefined) {
        if (isSuccess(outcome) === (which === "output")) found.push({ n, customId, outcome });
      } else if (which === "error" && this.record.finalizingAt !== null) {
        found.push({ n, customId, outcome: neverRan(this.record.ending) });
      }
    }
    return found;
  }

  #count(outcome: LineOutcome): void {
    const { completed, failed, usage } = this.record;
    const success = isSuccess(outcome);
    const more = outcome.kind === "answered" ? outcome.usage : { input: 0, cached: 0, output: 0, reasoning: 0 };
    this.record = {
      ...this.record,
      completed: completed + (success ? 1 : 0),
      failed: failed + (success ? 0 : 1),
      usage: {
        input: usage.input + more.input,
        cached: usage.cached + more.cached,
        output: usage.output + more.output,
        reasoning: usage.reasoning + more.reasoning,
      },
    };
  }
}

function giveBack(line: Line, notBefore: number | undefined): void {
  line.attempt -= 1;
  line.state = notBefore === undefined ? "pending" : "waiting";
  line.retryAt = notBefore ?? 0;
}
