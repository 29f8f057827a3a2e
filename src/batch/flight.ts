import type { ClaimedLine, Settlement } from "../store/line-record.ts";
import type { AskLine, Asking, LineAnswer } from "./ask.ts";
import { backoffMs } from "./backoff.ts";
import type { ClosedModels } from "./closed-models.ts";
import { lineId } from "./ids.ts";
import type { LineReader } from "./line-reader.ts";
import { lineBody, type LineBody } from "./line-body.ts";
import { exhausted, verdictOn, type Verdict } from "./verdict.ts";

type Result = Settlement["result"];

export interface FlightMeans {
  readonly lines: LineReader;
  readonly ask: AskLine;
  readonly closed: ClosedModels;
  /** Unix milliseconds of a clock that never jumps. */
  readonly now: () => number;
  readonly maxAttempts: () => number;
  /** Whether another line may be sent. More are claimed than that where they are only to be put off. */
  readonly maySend: () => boolean;
}

/** One claimed line, from its claim to what is to be recorded of it. */
export class Flight {
  readonly line: ClaimedLine;
  /** Whether a model server, or the line before it, has heard of it. */
  sent = false;
  readonly #means: FlightMeans;
  #asking: Asking | undefined;
  #calledOff = false;

  constructor(line: ClaimedLine, means: FlightMeans) {
    this.line = line;
    this.#means = means;
  }

  /** Ends it, if need be only while it still waits for a model server. It is given back then. */
  callOff(onlyWaiting: boolean): void {
    if (onlyWaiting && this.#asking?.running === true) return;
    this.#calledOff = true;
    this.#asking?.callOff();
  }

  /** Never rejects. */
  async settlement(): Promise<Settlement> {
    const { batchId, n, attempt } = this.line;
    return { batchId, n, attempt, result: await this.#result() };
  }

  async #result(): Promise<Result> {
    const { line } = this;
    const { closed, now, maxAttempts } = this.#means;
    // Its last attempt ended with the process.
    if (line.attempt > maxAttempts()) return exhausted(line.attempt - 1);
    const read = await this.#read();
    if ("kind" in read) return read;
    const notBefore = closed.until(read.model, now());
    if (notBefore !== undefined) return { kind: "giveBack", notBefore: Math.ceil(notBefore) };
    if (this.#calledOff || !this.#means.maySend()) return { kind: "giveBack" };
    const answer = await this.#send(read.body);
    return this.#judged(verdictOn(line, answer, maxAttempts()), read.model);
  }

  async #read(): Promise<LineBody | Result> {
    const { inputBlob, offset, length } = this.line;
    try {
      return lineBody(await this.#means.lines.read(inputBlob, offset, length));
    } catch {
      const message = "The input file can no longer be read.";
      return { kind: "unanswered", code: "input_unreadable", message };
    }
  }

  #send(body: Uint8Array): Promise<LineAnswer> {
    const { batchId, n, tenant, endpoint, priority } = this.line;
    this.sent = true;
    this.#asking = this.#means.ask({ id: lineId(batchId, n), tenant, path: endpoint, priority, body });
    return this.#asking.answer;
  }

  #judged(verdict: Verdict, model: string): Result {
    const { closed, now } = this.#means;
    switch (verdict.kind) {
      case "over":
        closed.works(model);
        return verdict.outcome;
      case "again":
        return { kind: "retry", retryAt: Math.ceil(now() + backoffMs(this.line.attempt, verdict.askedMs)) };
      case "later":
        return { kind: "giveBack", notBefore: Math.ceil(closed.failed(model, now(), verdict.askedMs)) };
      case "calledOff":
        return { kind: "giveBack" };
    }
  }
}
