import type { BatchRecord, InputError } from "../store/batch-record.ts";
import type { Blobs } from "../store/blobs.ts";
import type { NewLine } from "../store/line-record.ts";
import type { Store } from "../store/store.ts";
import type { BatchLimits } from "./batch-limits.ts";
import { GroupNumbers } from "./group-numbers.ts";
import { inputLines, type InputLine } from "./input-lines.ts";
import { embeddingInputs, inputRequest, LineFault, type InputRequest } from "./input-request.ts";

/** A file with more wrong lines than this is wrong as a whole. */
const MAX_ERRORS = 100;
const LINES_PER_WRITE = 500;

export interface CheckMeans {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly limits: BatchLimits;
  /** Unix seconds. */
  readonly now: () => number;
  /** Ends the check early, with nothing decided. */
  readonly signal: AbortSignal;
}

/**
 * Reads the input of a batch that is validating, once and as a stream, and starts the batch or fails it: all lines or none. Done again,
 * after a crash, it comes to the same.
 *
 * @returns the batch as it stands then. Rejects as the store does, and with `signal.reason`.
 */
export async function checkInput(batch: BatchRecord, means: CheckMeans): Promise<BatchRecord> {
  const { store, blobs, limits, now, signal } = means;
  const checked = new CheckedInput(batch.endpoint, limits);
  const source = await blobs.read(batch.inputBlob);
  for await (const line of inputLines(source, limits.maxLineBytes)) {
    signal.throwIfAborted();
    checked.take(line);
    if (checked.isHopeless) break;
    if (checked.found.length >= LINES_PER_WRITE) await store.addLines(batch.id, checked.takeFound());
  }
  signal.throwIfAborted();
  const errors = checked.errors();
  if (errors.length > 0) return store.fail(batch.id, errors, now());
  if (checked.found.length > 0) await store.addLines(batch.id, checked.takeFound());
  return store.start(batch.id, { total: checked.total, model: checked.model, now: now() });
}

/** What is known of an input after some of its lines. */
class CheckedInput {
  total = 0;
  /** Lines that are right and not yet written; none any more once one was wrong. */
  found: NewLine[] = [];
  readonly #endpoint: string;
  readonly #limits: BatchLimits;
  readonly #errors: InputError[] = [];
  readonly #ids = new Set<string>();
  readonly #models = new Set<string | null>();
  readonly #groups = new GroupNumbers();
  #inputs = 0;

  constructor(endpoint: string, limits: BatchLimits) {
    this.#endpoint = endpoint;
    this.#limits = limits;
  }

  get isHopeless(): boolean {
    return this.#errors.length >= MAX_ERRORS || this.total > this.#limits.maxLines;
  }

  /** The one model of all lines. */
  get model(): string | null {
    const [model = null] = this.#models;
    return this.#models.size === 1 ? model : null;
  }

  take(line: InputLine): void {
    if (line.bytes !== undefined && isBlank(line.bytes)) return;
    this.total += 1;
    const request = this.#read(line);
    if (request instanceof LineFault) {
      const { code, message, param } = request;
      this.#errors.push({ code, message, param, line: line.number });
      this.found = [];
    } else if (this.#errors.length === 0) {
      const { customId, model, body } = request;
      const group = this.#groups.of(model, body);
      this.found.push({ n: this.total - 1, customId, offset: line.offset, length: line.bytes!.length, group });
    }
  }

  takeFound(): readonly NewLine[] {
    const { found } = this;
    this.found = [];
    return found;
  }

  errors(): readonly InputError[] {
    const { maxLines } = this.#limits;
    if (this.total > maxLines) return [whole("too_many_tasks", `The file has more than ${maxLines} requests.`)];
    if (this.#errors.length > 0) return this.#errors;
    if (this.total === 0) return [whole("empty_file", "The file has no requests.")];
    if (this.#inputs > maxLines) {
      return [whole("too_many_tasks", `The file has more than ${maxLines} inputs to embed.`)];
    }
    return [];
  }

  #read(line: InputLine): InputRequest | LineFault {
    const { maxLineBytes, oneModel } = this.#limits;
    if (line.bytes === undefined) {
      return new LineFault("line_too_long", `This line is longer than ${maxLineBytes} bytes.`);
    }
    const request = inputRequest(line.bytes, this.#endpoint);
    if (request instanceof LineFault) return request;
    if (this.#ids.has(request.customId)) {
      const message = `The custom_id '${request.customId.slice(0, 100)}' is used by an earlier line.`;
      return new LineFault("duplicate_custom_id", message, "custom_id");
    }
    this.#ids.add(request.customId);
    this.#models.add(request.model);
    if (oneModel && this.#models.size > 1) {
      return new LineFault("model_mismatch", "All lines of a batch must name the same model.", "body.model");
    }
    if (this.#endpoint === "/v1/embeddings") this.#inputs += embeddingInputs(request.body);
    return request;
  }
}

/** No single line is to blame. */
function whole(code: string, message: string): InputError {
  return { code, message, line: null, param: null };
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09);
}
