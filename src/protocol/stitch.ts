import type { Usage } from "./answer-notes.ts";
import { watchAnswer, type AnswerWatch } from "./answer-watch.ts";
import type { Frame, FrameDecoder } from "./frame.ts";
import { frameDecoder } from "./framing.ts";
import type { DialectName } from "./route.ts";
import { CONTINUABLE, hasSaid, NOTHING_SAID, type Said } from "./said.ts";
import { SaidReader } from "./said-reader.ts";
import { Seam } from "./seam.ts";
import { splice } from "./splice.ts";
import { parseObject } from "./untrusted-json.ts";

/**
 * How a run of the model relates to the one before. `afresh`: nothing of that one was passed on. `behind`: it goes on where that
 * one stopped. `repeating`: it says everything again, and what is known already is left out.
 */
export type RunKind = "afresh" | "behind" | "repeating";

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

  /** Whether there is text that a next run could go on behind. */
  get resumable(): boolean {
    return CONTINUABLE.has(this.#dialect) && hasSaid(this.said) && !this.said.calledTool;
  }

  /** The run before is over, wherever it was. */
  begin(kind: RunKind): void {
    const { said } = this;
    this.#decoder = frameDecoder(this.#dialect);
    this.#probe = watchAnswer(this.#dialect, true);
    this.#preamble = [];
    this.#kind = kind;
    this.#known = kind === "repeating" ? said : NOTHING_SAID;
    this.#reader = kind === "behind" ? new SaidReader(said) : new SaidReader();
    if (kind === "afresh") this.#seam = new Seam();
    else if (kind === "behind") this.#seam.continueBehind(said);
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
      const stitch = this.#seam.stitch(value);
      this.#reader.read(value);
      return stitch === "drop" ? [] : [frame.withData(splice(frame.data, stitch))];
    }
    if (value !== undefined) {
      this.#seam.note(value);
      this.#reader.read(value);
    }
    return this.#release(frame);
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
