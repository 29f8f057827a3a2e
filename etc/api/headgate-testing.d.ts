// headgate/testing

import { Clock } from "headgate";
export interface Ask {
    readonly dialect: Dialect;
    readonly model: string;
    readonly stream: boolean;
    readonly input: {
        readonly messages: readonly Message[];
    } | {
        readonly prompts: readonly string[];
    };
    readonly maxTokens: number;
    readonly stop: readonly string[];
    readonly n: number;
    readonly tools: readonly OfferedTool[];
    readonly toolChoice: "auto" | "none" | "required" | {
        readonly name: string;
    };
    readonly json: unknown;
    readonly thinking: boolean | undefined;
    readonly includeUsage: boolean;
    readonly logprobs: boolean;
    readonly body: Json;
}
export type Dialect = "openai-chat" | "openai-completions" | "openai-responses" | "anthropic-messages" | "ollama-chat" | "ollama-generate" | "llama-completion";
export type Fault = {
    readonly kind: "silent";
} | {
    readonly kind: "close";
} | {
    readonly kind: "slow-headers";
    readonly afterMs: number;
} | {
    readonly kind: "status";
    readonly status: number;
    readonly body?: string;
    readonly headers?: Readonly<Record<string, string>>;
} | {
    readonly kind: "garbage";
} | {
    readonly kind: "garbage-inside";
    readonly afterTokens: number;
} | {
    readonly kind: "reset";
    readonly afterTokens: number;
} | {
    readonly kind: "cut";
    readonly afterTokens: number;
} | {
    readonly kind: "short";
    readonly afterTokens: number;
} | {
    readonly kind: "error-inside";
    readonly afterTokens: number;
    readonly message?: string;
} | {
    readonly kind: "stall";
    readonly afterTokens: number;
} | {
    readonly kind: "hang-after-abort";
};
export interface FaultScope {
    readonly times?: number;
    readonly which?: (request: ServedRequest) => boolean;
}
export interface OverCapacity {
    readonly request: ServedRequest;
    readonly live: readonly ServedRequest[];
    readonly capacity: number;
}
export declare class ModelServer implements AsyncDisposable {
    #private;
    readonly engine: SimulatedEngine;
    readonly port: number;
    readonly url: string;
    readonly model: string;
    private constructor();
    get live(): number;
    get maxLive(): number;
    get overCapacity(): readonly OverCapacity[];
    get served(): readonly ServedRequest[];
    get slots(): {
        readonly busy: number;
        readonly leaked: number;
        readonly waiting: number;
    };
    get loads(): number;
    get loading(): boolean;
    set loading(loading: boolean);
    when(stage: Stage, which?: Which): Promise<ServedRequest>;
    pauseTokens(): void;
    step(tokens?: number, id?: number): Promise<void>;
    resumeTokens(): void;
    pausePrefill(): void;
    stepPrefill(batches?: number, id?: number): Promise<void>;
    resumePrefill(): void;
    fail(fault: Fault, scope?: FaultScope): () => void;
    repairSlots(): void;
    goDown(): Promise<void>;
    comeBack(): Promise<void>;
    close(): Promise<void>;
    [Symbol.asyncDispose](): Promise<void>;
}
export declare function startModelServer(options?: ModelServerOptions): Promise<ModelServer>;
export interface AnswerOptions {
    readonly tokens?: number | readonly [least: number, most: number];
    readonly reasoningTokens?: number;
    readonly text?: string | ((ask: Ask) => string | undefined);
    readonly toolCalls?: "offered" | "required" | "never";
}
export interface ModelServerOptions {
    readonly engine?: SimulatedEngine;
    readonly slots?: number;
    readonly host?: string;
    readonly port?: number;
    readonly models?: readonly string[];
    readonly unknownModels?: "accept" | "refuse";
    readonly seed?: number;
    readonly answer?: AnswerOptions;
    readonly timing?: Partial<Timing>;
    readonly clock?: Clock;
    readonly contextTokens?: number;
    readonly batchTokens?: number;
    readonly promptCache?: CacheHabit["keeps"];
    readonly embeddingDimensions?: number;
    readonly apiKey?: string;
    readonly loading?: boolean;
    readonly strict?: boolean;
    readonly remember?: number;
    readonly quirks?: Quirks;
}
export interface Quirks {
    readonly leaksSlots?: boolean;
    readonly renderer?: "native" | "go";
    readonly thinkingTags?: boolean;
    readonly prefillAssistant?: boolean;
    readonly noEmbeddings?: boolean;
    readonly router?: boolean;
    readonly priorityScheduling?: boolean;
    readonly devMode?: boolean;
    readonly waitsForLock?: boolean;
    readonly keepAlive?: "chunk" | "comment" | "off";
}
export type SimulatedEngine = "llama-server" | "ollama" | "lm-studio" | "mlx-lm" | "mlx-vlm" | "vllm-mlx" | "omlx" | "vllm" | "sglang" | "plain" | "simulated";
export interface Timing {
    readonly prefillMsPerToken: number;
    readonly decodeMsPerToken: number;
    readonly loadMs: number;
}
export type Outcome = "open" | "answered" | "aborted" | "unread" | "refused" | "broken" | "incomplete";
export type Phase = "receiving" | "queued" | "prefill" | "decode" | "over";
export interface ServedRequest {
    readonly id: number;
    readonly method: string;
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly rawHeaders: readonly string[];
    readonly body: Buffer;
    readonly bodyBytes: number;
    readonly isWork: boolean;
    readonly dialect: Dialect | undefined;
    readonly model: string | undefined;
    readonly streaming: boolean;
    readonly slot: number | undefined;
    readonly phase: Phase;
    readonly outcome: Outcome;
    readonly status: number | undefined;
    readonly at: Readonly<Partial<Record<Stage, number>>>;
    readonly prompt: string;
    readonly promptTokens: number;
    readonly cachedTokens: number;
    readonly tokens: number;
    readonly text: string;
}
export type Stage = "received" | "queued" | "started" | "first-token" | "hung-up" | "freed" | "ended";
export type Which = number | ((request: ServedRequest) => boolean);
interface Message {
    readonly role: string;
    readonly content: string;
    readonly reasoning?: string;
    readonly hasToolCalls?: boolean;
    readonly partial?: boolean;
}
interface OfferedTool {
    readonly name: string;
    readonly parameters: unknown;
}
type Json = Readonly<Record<string, unknown>>;
interface CacheHabit {
    readonly keeps: "all" | "slot" | "none";
    readonly keepsAborted: boolean;
}
