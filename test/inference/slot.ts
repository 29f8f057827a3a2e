import { loadNodeLlamaCpp, type LlamaModel, type LlamaSequence } from "./node-llama-cpp.ts";
import type { Pace } from "./pace.ts";

export interface Prompt {
  readonly text: string;
  /** No more than the context has room for in any case. */
  readonly maxTokens: number;
  /** 0 always takes the likeliest token. */
  readonly temperature: number;
  readonly seed?: number;
}

export interface Generated {
  readonly finish: "stop" | "length" | "aborted";
  readonly tokens: number;
}

/** A real model with one slot: one context of llama.cpp, with one sequence, computed by one thread. */
export class Slot {
  readonly contextTokens: number;
  /** All the tokens that it ever generated. */
  generated = 0;
  readonly #model: LlamaModel;
  readonly #sequence: LlamaSequence;
  readonly #pace: Pace;
  /** The last of those that want the slot. */
  #tail: Promise<void> = Promise.resolve();

  private constructor(parts: { model: LlamaModel; sequence: LlamaSequence }, options: SlotOptions) {
    this.#model = parts.model;
    this.#sequence = parts.sequence;
    this.#pace = options.pace;
    this.contextTokens = options.contextTokens;
  }

  static async open(options: SlotOptions): Promise<Slot> {
    const library = await loadNodeLlamaCpp();
    const llama = await library.getLlama({
      gpu: false,
      build: "never",
      skipDownload: true,
      progressLogs: false,
      maxThreads: 1,
      logLevel: "error",
    });
    const model = await llama.loadModel({ modelPath: options.modelPath, gpuLayers: 0 });
    const { contextTokens: contextSize } = options;
    const context = await model.createContext({ contextSize, batchSize: 64, threads: 1, sequences: 1 });
    return new Slot({ model, sequence: context.getSequence() }, options);
  }

  countTokens(text: string): number {
    return this.#tokens(text).length;
  }

  /** Resolves when the slot is the caller's, who must call what it gets; in the order of the calls. */
  async acquire(): Promise<() => void> {
    const before = this.#tail;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#tail = promise;
    await before;
    return resolve;
  }

  /**
   * Generates, for who holds the slot. An abort ends it behind the token that is being computed; the prompt is read to its end.
   * When this resolves, llama.cpp computes nothing any more.
   */
  async generate(prompt: Prompt, say: (piece: string) => void, signal: AbortSignal): Promise<Generated> {
    const tokens = this.#tokens(prompt.text);
    const limit = Math.min(prompt.maxTokens, this.contextTokens - tokens.length);
    const said = [];
    // Nothing is kept from one request to the next: the same prompt gets the same answer, whatever came before.
    await this.#sequence.clearHistory();
    const { temperature, seed } = prompt;
    const answer = this.#sequence.evaluate(tokens, { temperature, ...(seed !== undefined && { seed }) });
    try {
      while (said.length < limit) {
        await this.#pace.turn(signal);
        if (signal.aborted) return { finish: "aborted", tokens: said.length };
        const next = await answer.next();
        if (next.done === true) return { finish: "stop", tokens: said.length };
        this.generated += 1;
        say(this.#model.detokenize([next.value], false, said.slice(-4)));
        said.push(next.value);
      }
      return { finish: "length", tokens: said.length };
    } finally {
      await answer.return();
    }
  }

  #tokens(text: string): ReturnType<LlamaModel["tokenize"]> {
    const { bos } = this.#model.tokens;
    return [...(bos === null ? [] : [bos]), ...this.#model.tokenize(text, true)];
  }
}

export interface SlotOptions {
  readonly modelPath: string;
  readonly contextTokens: number;
  readonly pace: Pace;
}
