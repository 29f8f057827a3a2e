import { systemClock, type Clock } from "../gate/index.ts";
import type { Ask } from "./ask.ts";
import type { CacheHabit } from "./prompt-cache.ts";
import type { Timing } from "./run.ts";

/** Whose manners the server has. `plain`: an OpenAI-style server of no known make; `simulated`: what `--simulate` shows to people. */
export type SimulatedEngine =
  | "llama-server"
  | "ollama"
  | "lm-studio"
  | "mlx-lm"
  | "mlx-vlm"
  | "vllm-mlx"
  | "omlx"
  | "vllm"
  | "sglang"
  | "plain"
  | "simulated";

/** What answers look like. The same request always gets the same answer. */
export interface AnswerOptions {
  /** Tokens of the content, exactly (to the end of a word) or within two bounds. Default 20 to 60. */
  readonly tokens?: number | readonly [least: number, most: number];
  /** Tokens of reasoning before it. Default 0: a model that does not think. A request may switch it off. */
  readonly reasoningTokens?: number;
  /** The content itself, instead of words; undefined for words after all. */
  readonly text?: string | ((ask: Ask) => string | undefined);
  /** Whether tools that are offered are called, or only required ones, or none. Default `offered`, of `simulated` `required`. */
  readonly toolCalls?: "offered" | "required" | "never";
}

/** What varies between versions and start-up flags of one engine. */
export interface Quirks {
  /** Ollama: an aborted stream never gives its slot back (ollama/ollama#17131). Default false. */
  readonly leaksSlots?: boolean;
  /** Ollama: who renders a conversation that ends in an answer: llama-server, or a Go renderer, which trims. Default `native`. */
  readonly renderer?: "native" | "go";
  /** llama-server: the template knows thinking, and puts an empty thought before an answer continued without one. Default false. */
  readonly thinkingTags?: boolean;
  /** llama-server without `--no-prefill-assistant`: a conversation that ends in an answer is continued unasked. Default true. */
  readonly prefillAssistant?: boolean;
  /** llama-server: started without `--embeddings`. Default false. */
  readonly noEmbeddings?: boolean;
  /** llama-server: several models behind one address; `/props` needs a `model`. Default false. */
  readonly router?: boolean;
  /** vLLM, SGLang: started with priority scheduling. Default false. */
  readonly priorityScheduling?: boolean;
  /** vLLM: in dev mode, which shows its capacity. Default false. */
  readonly devMode?: boolean;
  /** vllm-mlx: the serial engine waits for its lock instead of answering 503. Default false. */
  readonly waitsForLock?: boolean;
  /** oMLX: what keeps an idle stream alive. Default `chunk`. */
  readonly keepAlive?: "chunk" | "comment" | "off";
}

export interface ModelServerOptions {
  /** Default `plain`. */
  readonly engine?: SimulatedEngine;
  /** Requests that are worked on at a time; further ones wait in the engine's own line. Infinity is allowed. Default 1. */
  readonly slots?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free one. */
  readonly port?: number;
  /** All names it lists; the first is used where a request names none. Default: one that suits the engine. */
  readonly models?: readonly string[];
  /** What a request for another model gets, of engines that care: the answer all the same, or their 404. Default `accept`. */
  readonly unknownModels?: "accept" | "refuse";
  /** Another number, other answers. Default 1. */
  readonly seed?: number;
  readonly answer?: AnswerOptions;
  /** Default: everything at once; of `simulated` about 40 tokens a second. */
  readonly timing?: Partial<Timing>;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Tokens that prompt and answer may have together. Default 32768. */
  readonly contextTokens?: number;
  /** Tokens of a prompt that are read without a break. Default: the engine's. */
  readonly batchTokens?: number;
  /** Default: the engine's. */
  readonly promptCache?: CacheHabit["keeps"];
  /** Default 8. */
  readonly embeddingDimensions?: number;
  /** Requests must bear it. Default: none. */
  readonly apiKey?: string;
  /** Starts out loading its model; see `ModelServer.loading`. Default false. */
  readonly loading?: boolean;
  /** Closing fails if ever more requests were live than there are slots. Default false. */
  readonly strict?: boolean;
  /** How many records are kept, at least. Default: all of them. */
  readonly remember?: number;
  readonly quirks?: Quirks;
}

/** The options with every default filled in that does not depend on the engine. */
export type ResolvedOptions = Required<
  Omit<ModelServerOptions, "models" | "timing" | "batchTokens" | "promptCache" | "apiKey">
> &
  Pick<ModelServerOptions, "models" | "timing" | "batchTokens" | "promptCache" | "apiKey">;

const DEFAULTS: ResolvedOptions = {
  engine: "plain",
  slots: 1,
  host: "127.0.0.1",
  port: 0,
  unknownModels: "accept",
  seed: 1,
  answer: {},
  clock: systemClock,
  contextTokens: 32_768,
  embeddingDimensions: 8,
  loading: false,
  strict: false,
  remember: Infinity,
  quirks: {},
};

/** @throws {RangeError} naming the option and its value. */
export function resolveOptions(options: ModelServerOptions): ResolvedOptions {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const resolved: ResolvedOptions = { ...DEFAULTS, ...given };
  const { slots, contextTokens, embeddingDimensions, batchTokens = 1, remember } = resolved;
  check(
    "slots",
    slots,
    slots === Infinity || (Number.isInteger(slots) && slots >= 1),
    "a whole number from 1, or Infinity",
  );
  check("contextTokens", contextTokens, contextTokens >= 1, "at least 1");
  check(
    "embeddingDimensions",
    embeddingDimensions,
    Number.isInteger(embeddingDimensions) && embeddingDimensions >= 1,
    "at least 1",
  );
  check("batchTokens", batchTokens, batchTokens >= 1, "at least 1");
  check("remember", remember, remember >= 1, "at least 1");
  for (const [name, ms] of Object.entries(resolved.timing ?? {}))
    check(`timing.${name}`, ms, ms >= 0, "milliseconds from 0");
  return resolved;
}

function check(name: string, value: number, holds: boolean, wanted: string): void {
  if (!holds) throw new RangeError(`${name} must be ${wanted}, not ${value}`);
}
