import { AnthropicCollector } from "./aggregate-anthropic.ts";
import { LlamaCollector } from "./aggregate-llama-completion.ts";
import { OpenAiCollector } from "./aggregate-openai.ts";
import { ResponsesCollector } from "./aggregate-responses.ts";
import type { Collector } from "./collector.ts";
import type { Frame, FrameDecoder } from "./frame.ts";
import { frameDecoder } from "./framing.ts";
import type { Hidden } from "./hiding-rules.ts";
import type { DialectName } from "./route.ts";
import { objectIn, parseObject } from "./untrusted-json.ts";
import { readError } from "./upstream-error.ts";
import type { WholeForm } from "./whole-form.ts";

/** Makes of a stream the answer that the engine would have given, had it not been asked to stream. */
export interface Aggregator {
  /** The next bytes of the stream. They must not be written to any more. Never throws. */
  push(chunk: Uint8Array): void;
  /**
   * The answer as a JSON body, after the last chunk; `undefined` when there is none: the stream was cut, held an error
   * before its end, or an event too large to read. The same on every call; pushing after it has no effect.
   */
  result(): Uint8Array | undefined;
}

const COLLECTORS: Partial<Readonly<Record<DialectName, (hidden: readonly Hidden[]) => Collector>>> = {
  "openai-chat": () => new OpenAiCollector("chat.completion"),
  "openai-completions": () => new OpenAiCollector("text_completion"),
  "openai-responses": () => new ResponsesCollector(),
  "anthropic-messages": () => new AnthropicCollector(),
  "llama-completion": (hidden) => new LlamaCollector(hidden),
};

/**
 * An aggregator for one stream of `dialect`; `undefined` where there is none. `hidden`: what was asked of the engine
 * for Headgate itself, which an answer that was not streamed would not have. Usage is not among it: that answer has its
 * usage, so its stream must have been asked for it. `form`: the members of the engine's own answers, where a stream leaves some out.
 */
export function aggregator(
  dialect: DialectName,
  hidden: readonly Hidden[] = [],
  form?: WholeForm,
): Aggregator | undefined {
  const make = COLLECTORS[dialect];
  return make === undefined ? undefined : new StreamAggregator(frameDecoder(dialect), make(hidden), form);
}

/**
 * Whether an aggregate equals the engine's own answer member by member, but for the values that differ from run to run.
 *
 * Not with log probabilities: llama-server streams none for tokens that give no text of their own, and cuts those of a
 * stop word only where it does not stream. For the same reason not with its own completion's `n_probs` and
 * `return_tokens`.
 */
export function aggregatesExactly(dialect: DialectName, request: { readonly logprobs: boolean }): boolean {
  return COLLECTORS[dialect] !== undefined && !request.logprobs;
}

class StreamAggregator implements Aggregator {
  readonly #decoder: FrameDecoder;
  readonly #collector: Collector;
  readonly #form: WholeForm | undefined;
  #usable = true;
  #ended = false;
  #result: Uint8Array | undefined;

  constructor(decoder: FrameDecoder, collector: Collector, form: WholeForm | undefined) {
    this.#decoder = decoder;
    this.#form = form;
    this.#collector = collector;
  }

  push(chunk: Uint8Array): void {
    if (this.#ended || !this.#usable) return;
    for (const frame of this.#decoder.push(chunk)) this.#take(frame);
  }

  result(): Uint8Array | undefined {
    if (this.#ended) return this.#result;
    this.#ended = true;
    const rest = this.#decoder.end();
    if (rest !== undefined) this.#take(rest);
    const answer = this.#usable ? this.#collector.answer() : undefined;
    const form = this.#form;
    const formed = form === undefined || answer === undefined ? answer : form.complete(objectIn(answer) ?? {});
    this.#result = formed === undefined ? undefined : encode(formed);
    return this.#result;
  }

  #take(frame: Frame): void {
    if (frame.oversized) this.#usable = false;
    const value = frame.data === undefined ? undefined : parseObject(frame.data);
    if (value === undefined) return;
    if (readError(value, frame.event) === undefined) this.#collector.take(value);
    // As for a watch: behind the end an error changes nothing.
    else if (this.#collector.answer() === undefined) this.#usable = false;
  }
}

const utf8 = new TextEncoder();

function encode(answer: unknown): Uint8Array | undefined {
  try {
    return utf8.encode(JSON.stringify(answer));
  } catch {
    // Nested deeper than it can be written, though it could be read: no model server means that.
    return undefined;
  }
}
