import type { OutgoingRequest } from "../engines/engine.ts";
import type { Ask, Proof, RawResume } from "../engines/raw-resume.ts";
import type { Resumption } from "../engines/resume.ts";
import { topLevelFields } from "../protocol/json-fields.ts";
import { JsonReader } from "../protocol/json-reader.ts";
import { hasSaid, NOTHING_SAID, type Said } from "../protocol/said.ts";
import { splice } from "../protocol/splice.ts";
import type { Joint, RunKind, Stitcher } from "../protocol/stitch.ts";
import type { Place } from "./admission.ts";

/** One run of a request: what is sent, and how it relates to the run before. */
export interface RunPlan {
  readonly body: Uint8Array;
  readonly kind: RunKind;
  /** Where, if not to where the client sent it. */
  readonly path?: string;
  readonly joint?: Joint;
}

/** Going on as raw text, which must be prepared: the engine's way and what is known of it now, whatever the server is later. */
export interface RawWay {
  readonly raw: RawResume;
  readonly proof: Proof | undefined;
}

/** How one request can go on behind what was said of it. */
export class WayOn {
  readonly #place: Place;
  readonly #stitcher: Stitcher | undefined;
  readonly #model: string | undefined;
  /** As it was sent the first time. */
  readonly #body: Uint8Array;

  #request: OutgoingRequest | undefined;

  constructor(
    place: Place,
    stitcher: Stitcher | undefined,
    sent: { readonly model: string | undefined; body: Uint8Array },
  ) {
    this.#place = place;
    this.#stitcher = stitcher;
    this.#model = sent.model;
    this.#body = sent.body;
  }

  /** What goes on, at once or after {@link WayOn.prepare}; `undefined` where it cannot. */
  get next(): Resumption | RawWay | undefined {
    if (this.#stitcher?.resumable !== true || this.#leftInContext() <= 0) return undefined;
    return this.#behind(this.#stitcher.said);
  }

  /** Whether it could once more was said. */
  get possible(): boolean {
    const { said, continuable } = this.#stitcher ?? { said: NOTHING_SAID, continuable: false };
    // Who has not counted what was said so far does not count as it goes.
    const tokens = hasSaid(said) ? said.tokens : 1;
    const more = { ...said, content: said.content.trimEnd() + MORE, tokens };
    return continuable && this.#leftInContext() > 0 && this.#behind(more) !== undefined;
  }

  /** The most tokens that may still come; `undefined` when nobody knows. */
  get tokensLeft(): number | undefined {
    const tokens = this.#stitcher?.said.tokens;
    const { maxTokens } = this.#place.facts;
    const byLimit = maxTokens === undefined || tokens === undefined ? Infinity : maxTokens - tokens;
    const left = Math.min(byLimit, this.#leftInContext());
    return left === Infinity ? undefined : left;
  }

  /** Whether it must be proven for its model first that it can go on at all. */
  get needsProof(): boolean {
    const { rawResume } = this.#place.upstream.engine;
    if (rawResume?.needsProof?.(this.#asked) !== true || this.#stitcher === undefined) return false;
    return rawResume.canContinue(this.#asked, { ...NOTHING_SAID, content: MORE });
  }

  /** As raw text, in any case. */
  get raw(): RawWay | undefined {
    return this.#stitcher?.resumable === true ? this.#rawBehind(this.#stitcher.said) : undefined;
  }

  /** `undefined` when the server did not help. */
  async prepare({ raw, proof }: RawWay, ask: Ask): Promise<RunPlan | undefined> {
    const { said } = this.#stitcher!;
    const run = await raw.prepare(ask, { ...this.#asked, sent: this.#body }, { said, proof });
    return run && { ...this.plan(run), path: run.path };
  }

  /** The run of {@link WayOn.next}. */
  plan({ edits, joint }: Resumption): RunPlan {
    return { body: splice(this.#body, edits), kind: "behind", ...(joint !== undefined && { joint }) };
  }

  #behind(said: Said): Resumption | RawWay | undefined {
    const { upstream } = this.#place;
    const resumption = upstream.mayResume(this.#model) ? upstream.engine.resume?.(this.#asked, said) : undefined;
    return resumption ?? this.#rawBehind(said);
  }

  #rawBehind(said: Said): RawWay | undefined {
    const { upstream } = this.#place;
    const { rawResume: raw } = upstream.engine;
    if (raw === undefined || !upstream.mayResumeRaw(this.#model)) return undefined;
    const proof = upstream.proofFor(this.#model);
    if (raw.needsProof?.(this.#asked) === true && proof === undefined) return undefined;
    return raw.canContinue(this.#asked, said) ? { raw, proof } : undefined;
  }

  /** Read when it is needed, which it hardly ever is. */
  get #asked(): OutgoingRequest {
    const { route, facts, priority } = this.#place;
    const body = (): JsonReader => new JsonReader(topLevelFields(this.#body));
    return (this.#request ??= { route, facts, body: body(), priority, parkable: true });
  }

  /** A prompt that fills the context is refused, however little is to be said behind it. */
  #leftInContext(): number {
    const { contextTokens } = this.#place.upstream;
    const promptTokens = this.#stitcher?.promptTokens;
    const tokens = this.#stitcher?.said.tokens;
    if (contextTokens === undefined || promptTokens === undefined || tokens === undefined) return Infinity;
    return contextTokens - promptTokens - tokens - CONTEXT_MARGIN;
  }
}

/** Enough for whoever goes on only behind a longer text. */
const MORE = "x".repeat(100);
/** A template may write a little around an answer that is continued, and the text be read in other tokens than it was said in. */
const CONTEXT_MARGIN = 16;
