import type { Usage } from "./answer-notes.ts";
import { watchAnswer, type AnswerWatch } from "./answer-watch.ts";
import type { Frame, FrameDecoder } from "./frame.ts";
import { frameDecoder } from "./framing.ts";
import { asChat } from "./raw-to-chat.ts";
import type { DialectName } from "./route.ts";
import { CONTINUABLE, hasSaid, NOTHING_SAID, type Said } from "./said.ts";
import { SaidReader } from "./said-reader.ts";
import { Seam } from "./seam.ts";
import { splice } from "./splice.ts";
import { type JsonObject, parseObject } from "./untrusted-json.ts";

/**
 * How a run of the model relates to the one before. `afresh`: nothing of that one was passed on. `behind`: it goes on where that
 * one stopped. `repeating`: it says everything again, and what is known already is left out.
 */
export type RunKind = "afresh" | "behind" | "repeating";

const utf8 = new TextEncoder();

/** What is special about a run that goes on behind the one before. */
export interface Joint {
  /** It is a raw completion that goes on with a chat. */
  readonly raw?: RawJoint;
  /** What the engine has counted since, where it does not count as it goes. */
  readonly counted?: { readonly promptTokens: number; readonly saidTokens: number };
  /** It may begin with this text once more, in one piece. */
  readonly echo?: string;
  /** The end of what was said, which it did not get and has to say again. */
  readonly again?: string;
}

export interface RawJoint {
  /** The chat's stream is to end with its usage. */
  readonly wantsUsage: boolean;
}

/**
 * Makes one stream of several runs of a model, so that nobody who reads it can tell.
 *
 * What precedes the first content is held back until that comes, so that a run which said nothing can be done again without a
 * trace. Only whole frames go on: a run may be cut anywhere. The first run passes byte for byte; of later ones the chunks are
 * changed as far as they would give the cut away.
 */
export class Stitcher {
  readonly #dialect: DialectName;
  #decoder: FrameDecoder;
  #probe: AnswerWatch;
  #preamble: Uint8Array[] = [];
  #reader: SaidReader = new SaidReader();
  #seam: Seam = new Seam();
  /** What the client has, while a run repeats it. */
  #known: Said = NOTHING_SAID;
  #kind: RunKind = "afresh";
  #raw: RawJoint | undefined;
  /** Whether some of the answer itself was passed on. */
  delivered = false;

  constructor(dialect: DialectName) {
    this.#dialect = dialect;
    this.#decoder = frameDecoder(dialect);
    this.#probe = watchAnswer(dialect, true);
  }

  /** Everything that was passed on. Nothing of it in a dialect whose runs cannot be joined. */
  get said(): Said {
    const { said } = this.#reader;
    return said.content.length + said.reasoning.length < this.#known.content.length + this.#known.reasoning.length
      ? this.#known
      : said;
  }

  /** The id that the present run has given its answer, once something of it came. */
  get answerId(): string | undefined {
    return this.#seam.runId;
  }

  /** Of all runs together; empty while there was only one, or where the engine does not count as it goes. */
  get usage(): Usage {
    const { tokens } = this.said;
    if (this.#kind === "afresh" || tokens === undefined) return {};
    const { promptTokens } = this.#seam;
    return { completionTokens: tokens, ...(promptTokens !== undefined && { promptTokens }) };
  }

  /** Whether runs of its dialect can be joined. */
  get continuable(): boolean {
    return CONTINUABLE.has(this.#dialect);
  }

  /** Whether there is text that a next run could go on behind. */
  get resumable(): boolean {
    return this.continuable && hasSaid(this.said) && !this.said.calledTool;
  }

  /** Of the first run, once the engine has told. */
  get promptTokens(): number | undefined {
    return this.#seam.promptTokens;
  }

  /** The run before is over, wherever it was. */
  begin(kind: RunKind, { raw, counted, ...overlap }: Joint = {}): void {
    const said = counted === undefined ? this.said : { ...this.said, tokens: counted.saidTokens };
    if (counted !== undefined) this.#seam.promptTokens = counted.promptTokens;
    this.#raw = raw;
    this.#decoder = frameDecoder(this.#dialect);
    this.#probe = watchAnswer(this.#dialect, true);
    this.#preamble = [];
    this.#kind = kind;
    this.#known = kind === "repeating" ? said : NOTHING_SAID;
    this.#reader = kind === "behind" ? new SaidReader(said) : new SaidReader();
    if (kind === "afresh") this.#seam = new Seam();
    else if (kind === "behind") this.#seam.continueBehind(said, overlap);
    else this.#seam.repeat(said);
  }

  /** What can go on. @throws {Contradiction} when a run that had to repeat the one before does not. */
  push(chunk: Uint8Array): Uint8Array[] {
    return this.#decoder.push(chunk).flatMap((frame) => this.#take(frame));
  }

  /** The rest, after the last chunk. @throws {Contradiction} */
  end(): Uint8Array[] {
    const rest = this.#decoder.end();
    return [...(rest === undefined ? [] : this.#take(rest)), ...this.#preamble.splice(0)];
  }

  #take(frame: Frame): Uint8Array[] {
    const value = frame.data === undefined || !CONTINUABLE.has(this.#dialect) ? undefined : parseObject(frame.data);
    if (this.#kind !== "afresh") {
      if (value === undefined || frame.data === undefined) return [frame.raw];
      if (this.#raw === undefined) return this.#join(frame, value, frame.data);
      return asChat(value, this.#raw.wantsUsage).flatMap((chunk) =>
        this.#join(frame, chunk, utf8.encode(JSON.stringify(chunk))),
      );
    }
    if (value !== undefined) {
      this.#seam.note(value);
      this.#reader.read(value);
    }
    return this.#release(frame);
  }

  #join(frame: Frame, value: JsonObject, data: Uint8Array): Uint8Array[] {
    const { edits, choices } = this.#seam.stitch(value);
    // Who repeats is read from its beginning; who goes on may say a little of what is known.
    this.#reader.read(this.#kind === "behind" ? { ...value, choices } : value);
    return edits === undefined ? [] : [frame.withData(splice(data, edits))];
  }

  #release(frame: Frame): Uint8Array[] {
    if (this.delivered) return [frame.raw];
    this.#probe.push(frame.raw);
    // A comment is no beginning of anything.
    if (frame.data === undefined && !frame.oversized && this.#preamble.length === 0) return [frame.raw];
    this.#preamble.push(frame.raw);
    if (!this.#probe.started && this.#probe.outcome === "open" && !frame.oversized) return [];
    this.delivered = true;
    return this.#preamble.splice(0);
  }
}
