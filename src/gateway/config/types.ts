/** A complete configuration of one gateway: every default filled in. Durations are milliseconds, sizes bytes. */
export interface GatewayConfig {
  readonly listen: readonly ListenConfig[];
  readonly upstreams: readonly UpstreamConfig[];
  /** Look for local servers on their usual ports; `undefined`: only when no upstream is named. */
  readonly discover?: boolean | undefined;
  /** Answer with a simulated model, clearly labelled, when no server is found. */
  readonly simulate: boolean;
  /** The priority of a request that nothing else decides. */
  readonly defaultPriority: number;
  readonly rules: readonly RuleConfig[];
  readonly keys: readonly KeyConfig[];
  /** Host names accepted besides loopback and this machine's own. */
  readonly allowedHosts: readonly string[];
  /** Web pages of these origins may call, besides the gateway's own. */
  readonly allowedOrigins: readonly string[];
  readonly queue: QueueConfig;
  readonly preempt: PreemptConfig;
  readonly limits: LimitsConfig;
  /** Where files and batches are kept; without it there are none. `headgate serve` takes the platform's usual place for it. */
  readonly data?: string | undefined;
  readonly batches: BatchesConfig;
  readonly log: LogConfig;
}

export interface ListenConfig {
  /** Anything but loopback needs keys. */
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** What comes in here has this priority unless it says otherwise. */
  readonly priority?: number | undefined;
}

export interface UpstreamConfig {
  /** Default: host and port. */
  readonly name?: string | undefined;
  /** Where the model server listens. */
  readonly url: string;
  /** Sent instead of the client's own Authorization. */
  readonly apiKey?: string | undefined;
  /** Requests it works on at once; default: what it tells, else 1. */
  readonly capacity?: number | undefined;
  /** Upstreams of one gate share one GPU. Default: loopback upstreams share the gate `local`, others have their own. */
  readonly gate?: string | undefined;
  readonly models: ModelsConfig;
  /** Whether its background steps aside for a person. Default: as `preempt.enabled` says. */
  readonly preempt?: boolean | undefined;
  /** Ways to continue that are not right for every server of its kind. Default: none. */
  readonly resume?: ResumeConfig | undefined;
}

export interface ResumeConfig {
  /** mlx_lm: the folder of its model, whose chat template is then rendered by the gateway. */
  readonly modelFolder?: string | undefined;
  /** Ollama: streams are stopped too, although an aborted one can cost it its only slot (ollama/ollama#17131). */
  readonly stopStreams: boolean;
}

export interface ModelsConfig {
  /** Only these are served and listed. */
  readonly allow?: readonly string[] | undefined;
  /** Name that clients use: name that the server knows. */
  readonly alias: Readonly<Record<string, string>>;
  /** Every request gets this model, whatever it names. */
  readonly pin?: string | undefined;
}

/** The first rule whose every condition holds gives the priority. */
export interface RuleConfig {
  readonly priority: number;
  /** Name of the key. */
  readonly key?: string | undefined;
  /** Path, with * for any run of characters. */
  readonly path?: string | undefined;
  /** Model name, with * for any run of characters. */
  readonly model?: string | undefined;
  /** Contained in the User-Agent, case ignored. */
  readonly userAgent?: string | undefined;
  /** Every header named has this value; * for any run of characters. */
  readonly header?: Readonly<Record<string, string>> | undefined;
}

export interface KeyConfig {
  /** For logs and rules; never the key itself. */
  readonly name: string;
  /** The secret that clients send as bearer token or x-api-key. */
  readonly key: string;
  /** `admin` may pause, drain, resize and cancel. */
  readonly role: "user" | "admin";
  /** Its requests have this priority unless they say otherwise. */
  readonly priority?: number | undefined;
  /** Nothing it sends is sooner than this. */
  readonly ceiling?: number | undefined;
  readonly maxWaitMs?: number | undefined;
}

export interface QueueConfig {
  /** A sooner newcomer displaces the last waiter of a full queue. */
  readonly maxWaiting: number;
  /** Up to this number a request is a person's. */
  readonly foregroundUpTo: number;
  readonly foreground: LaneConfig;
  readonly background: LaneConfig;
  /** Slots that background can never take. */
  readonly reserved: number;
  /** Whether background starts beside a running foreground request when there are slots for both. */
  readonly beside: "pause" | "share";
  /** Keep the slots for the foreground this long after its last request. */
  readonly idleGraceMs: number;
  /** Background that has waited this long ends a grace. */
  readonly idleGraceGuardMs: number;
  /** Background is overtaken only by foreground that came less than this after it. Default: strict priority. */
  readonly agingMs?: number | undefined;
  /** How many requests for one model may go before an earlier one of the same priority for another, where models are changed. */
  readonly groupByModel: number;
  /** A waiter that has waited this long raises a warning, once. */
  readonly starvationWarnMs: number;
  /** A streaming client that waits hears something this often. */
  readonly heartbeatAfterMs: number;
  /** What it hears: an SSE comment, an empty delta for clients that choke on comments, or nothing. */
  readonly heartbeatForm: "comment" | "delta" | "none";
}

/** How running background work steps aside for sooner requests, and continues later. */
export interface PreemptConfig {
  readonly enabled: boolean;
  /** A run is not stopped before this. */
  readonly minRunMs: number;
  /** A request of which nothing was delivered may be begun anew this often. Going on where it stopped is not limited. */
  readonly maxRestarts: number;
  /** A request that stood aside for this long in all goes first and runs to its end. */
  readonly maxParkedMs: number;
  /** A server that has not freed a slot this long after an abort is not asked to stop work any more. */
  readonly freeWithinMs: number;
}

export interface LaneConfig {
  /** Waiters of this class at most; more are answered 429 queue_full. */
  readonly maxWaiting?: number | undefined;
  /** A waiter of this class is answered 429 queue_timeout after this long. */
  readonly maxWaitMs?: number | undefined;
}

export interface LimitsConfig {
  /** The largest request body. */
  readonly bodyBytes: number;
  /** All waiting bodies in memory together; the rest goes to disk. */
  readonly queuedBodyBytes: number;
  /** How long a client may take to send its request head. */
  readonly headersTimeoutMs: number;
  /** How long a shutdown waits for running requests. */
  readonly shutdownMs: number;
}

/** Durable batches: OpenAI's Batch API. Sizes in bytes. */
export interface BatchesConfig {
  /** Whether `/v1/files` and `/v1/batches` are Headgate's own, or the model server's like any other route. */
  readonly enabled: boolean;
  /** Of a file with purpose batch. */
  readonly maxInputBytes: number;
  /** Of any other file. */
  readonly maxFileBytes: number;
  /** Requests in one batch. */
  readonly maxLines: number;
  readonly maxLineBytes: number;
  /** How often the model server may fail at a line before that keeps its failure. */
  readonly maxAttempts: number;
  /** How long input files, output files and ended batches stay. */
  readonly retentionDays: number;
  /** Whether a batch whose lines name several models is refused. */
  readonly oneModel: boolean;
}

export interface LogConfig {
  readonly level: "debug" | "info" | "warn" | "error" | "silent";
  /** `auto`: text on a terminal, JSON elsewhere. */
  readonly form: "auto" | "json" | "text";
}
