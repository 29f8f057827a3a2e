// headgate/gateway

import { AddressInfo } from "node:net";
import { Clock } from "headgate";
import { Gate } from "headgate";
import { GateErrorCode } from "headgate";
import { IncomingHttpHeaders } from "node:http";
import { Logger } from "pino";
import { PlaceInLine } from "headgate";
import { Pool } from "undici";
import { Readable } from "node:stream";
import { Registry } from "prom-client";
export declare class Gateway implements Control {
    #private;
    config: GatewayConfig;
    keys: Keys;
    hosts: Hosts;
    readonly upstreams: Upstreams;
    readonly gates: GateGroups;
    readonly bodies: BodyBudget;
    readonly requests: RequestLog;
    readonly heldPermits: HeldPermits;
    readonly retries: Retries;
    readonly clock: Clock;
    readonly log: Logger;
    readonly metrics: Metrics;
    readonly history: History;
    readonly batches: BatchService | undefined;
    readonly instance: string;
    notReady: string | undefined;
    constructor({ config, log, clock, batchStore, wallNow }: GatewayOptions);
    addUpstream(config: UpstreamConfig): Promise<Upstream>;
    reconfigure(wanted: GatewayConfig): ConfigChange;
    listen(): Promise<readonly AddressInfo[]>;
    shutDown(limitMs: number): Promise<void>;
    close(): Promise<void>;
}
export interface GatewayOptions {
    readonly config: GatewayConfig;
    readonly log: Logger;
    readonly clock?: Clock;
    readonly batchStore?: BatchStore;
    readonly wallNow?: () => number;
}
export declare class ConfigError extends Error {
    readonly code = "config_invalid";
    readonly exitCode = 78;
    readonly problems: readonly ConfigProblem[];
    constructor(problems: readonly ConfigProblem[]);
}
export interface ConfigProblem extends Place {
    readonly path: string;
    readonly value: string | number | boolean | undefined;
    readonly expected: string;
    readonly remedy: string;
    readonly message: string;
}
export declare function loadConfig(options?: LoadOptions): LoadedConfig;
export declare function parseConfig(values: unknown, environment?: Environment): GatewayConfig;
export interface LoadedConfig {
    readonly config: GatewayConfig;
    readonly file: string | undefined;
    readonly warnings: readonly string[];
}
export interface LoadOptions {
    readonly flags?: FlagValues;
    readonly environment?: Environment;
    readonly folder?: string;
}
export interface GatewayConfig {
    readonly listen: readonly ListenConfig[];
    readonly upstreams: readonly UpstreamConfig[];
    readonly discover?: boolean | undefined;
    readonly simulate: boolean;
    readonly defaultPriority: number;
    readonly rules: readonly RuleConfig[];
    readonly keys: readonly KeyConfig[];
    readonly allowedHosts: readonly string[];
    readonly allowedOrigins: readonly string[];
    readonly queue: QueueConfig;
    readonly preempt: PreemptConfig;
    readonly limits: LimitsConfig;
    readonly data?: string | undefined;
    readonly batches: BatchesConfig;
    readonly log: LogConfig;
}
interface Control extends GatewayContext {
    readonly gates: GateGroups;
    readonly metrics: Metrics;
    readonly history: History;
    readonly batches: BatchService | undefined;
    readonly notReady: string | undefined;
}
declare class Keys {
    #private;
    constructor(keys: readonly KeyConfig[]);
    get required(): boolean;
    identify(headers: IncomingHttpHeaders): Identity | undefined;
}
declare class Hosts {
    #private;
    constructor(allowedHosts: readonly string[], allowedOrigins: readonly string[], machine?: string);
    objection(host: string | undefined, origin: string | undefined): string | undefined;
}
declare class Upstreams {
    #private;
    readonly all: Upstream[];
    constructor({ onChange, own, clock }: UpstreamsOptions);
    add(upstream: Upstream): Promise<void>;
    remove(upstream: Upstream): Promise<void>;
    recheck(upstream: Upstream): void;
    recheckAll(): void;
    choose(model: string | undefined): Choice;
    models(): readonly string[];
    serves(model: string): boolean;
    close(): Promise<void>;
}
declare class GateGroups {
    #private;
    constructor(config: () => GatewayConfig, clock: Clock, onNew: (group: GateGroup) => void);
    get all(): readonly GateGroup[];
    get(name: string): GateGroup | undefined;
    of(upstream: UpstreamConfig, url: URL): GateGroup;
    resize(upstreams: readonly Upstream[]): void;
    close(): void;
}
declare class BodyBudget {
    #private;
    constructor(limitBytes: number);
    get usedBytes(): number;
    fits(size: number): boolean;
    keep(body: Uint8Array): StoredBody;
    spool(body: Uint8Array): Promise<StoredBody>;
    close(): Promise<void>;
}
declare class RequestLog {
    #private;
    readonly live: Map<string, RequestRecord>;
    constructor(clock?: Pick<Clock, "now">);
    follow(observer: RequestObserver): void;
    open(record: RequestRecord): void;
    classified(classification: Classification, client: string): void;
    changed(record: RequestRecord): void;
    close(record: RequestRecord): void;
}
declare class HeldPermits {
    #private;
    get size(): number;
    heldAt(gate: string): number;
    add(id: string, held: HeldPermit): void;
    remove(id: string): void;
    find(id: string, client: string): HeldPermit | undefined;
}
declare class Retries {
    #private;
    constructor(clock: Clock);
    keep(key: string, place: KeptPlace): void;
    take(key: string, gate: string): KeptPlace | undefined;
}
declare class Metrics implements RequestObserver {
    #private;
    readonly batches: BatchMetrics;
    constructor(measured: Measured);
    get contentType(): string;
    watch(gate: Gate): void;
    classified(classification: Classification): void;
    freed(upstream: string, afterMs: number): void;
    closed(record: RequestRecord): void;
    text(): Promise<string>;
}
declare class History implements RequestObserver {
    #private;
    readonly warnings: Warnings;
    constructor(clock: Pick<Clock, "now">, config: () => GatewayConfig);
    get gates(): ReadonlyMap<string, GateHistory>;
    get ended(): readonly Ended[];
    watch(gate: Gate): void;
    closed(record: RequestRecord): void;
}
declare class BatchService {
    #private;
    readonly files: FileDesk;
    readonly batches: BatchDesk;
    constructor(options: BatchServiceOptions);
    get open(): Iterable<BatchRecord>;
    get inFlight(): number;
    start(): Promise<void>;
    close(): Promise<void>;
}
interface UpstreamConfig {
    readonly name?: string | undefined;
    readonly url: string;
    readonly apiKey?: string | undefined;
    readonly capacity?: number | undefined;
    readonly gate?: string | undefined;
    readonly models: ModelsConfig;
    readonly preempt?: boolean | undefined;
    readonly resume?: ResumeConfig | undefined;
}
declare class Upstream {
    #private;
    readonly name: string;
    readonly url: URL;
    readonly apiKey: string | undefined;
    readonly pool: Pool;
    engine: Engine;
    health: Health;
    capacity: Capacity;
    readonly group: GateGroup;
    readonly preempt: boolean | undefined;
    readonly watchdog: AbortWatchdog;
    contextTokens: number | undefined;
    constructor(options: UpstreamOptions, group: GateGroup);
    get foreign(): number | undefined;
    get basePath(): string;
    get doubtful(): boolean;
    get known(): boolean;
    get models(): readonly string[] | undefined;
    get aliases(): readonly (readonly [alias: string, name: string])[];
    allows(name: string): boolean;
    serves(model: string): boolean;
    mayResume(model: string | undefined): boolean;
    mayResumeRaw(model: string | undefined): boolean;
    refusedToResume(model: string | undefined, way: keyof WaysOn): void;
    unproven(model: string | undefined): boolean;
    prove(model: string | undefined, ask: Ask): Promise<void>;
    proofFor(model: string | undefined): Proof | undefined;
    formOf(dialect: DialectName, model: string | undefined): WholeForm | undefined;
    sawWhole(dialect: DialectName, model: string | undefined, answer: JsonObject): void;
    ask(path: string, body: object, signal: AbortSignal): ReturnType<Ask>;
    modelFor(asked: string | undefined): string | undefined;
    get takesAnyModel(): boolean;
    refresh(): Promise<void>;
    lookForOthers(own: () => number | undefined): Promise<void>;
    cancel(name: RunName): void;
    unreachable(): void;
    close(): Promise<void>;
}
interface ConfigChange {
    readonly changed: readonly string[];
    readonly needRestart: readonly string[];
}
interface BatchStore {
    readonly store: Store;
    readonly blobs: Blobs;
}
interface Place {
    readonly source: string;
    readonly line?: number | undefined;
}
type Environment = Readonly<Record<string, string | undefined>>;
type FlagValues = Readonly<Record<string, unknown>>;
interface ListenConfig {
    readonly host: string;
    readonly port: number;
    readonly priority?: number | undefined;
}
interface RuleConfig {
    readonly priority: number;
    readonly key?: string | undefined;
    readonly path?: string | undefined;
    readonly model?: string | undefined;
    readonly userAgent?: string | undefined;
    readonly header?: Readonly<Record<string, string>> | undefined;
}
interface KeyConfig {
    readonly name: string;
    readonly key: string;
    readonly role: "user" | "admin";
    readonly priority?: number | undefined;
    readonly ceiling?: number | undefined;
    readonly maxWaitMs?: number | undefined;
}
interface QueueConfig {
    readonly maxWaiting: number;
    readonly foregroundUpTo: number;
    readonly foreground: LaneConfig;
    readonly background: LaneConfig;
    readonly reserved: number;
    readonly beside: "pause" | "share";
    readonly idleGraceMs: number;
    readonly idleGraceGuardMs: number;
    readonly agingMs?: number | undefined;
    readonly groupByModel: number;
    readonly starvationWarnMs: number;
    readonly heartbeatAfterMs: number;
    readonly heartbeatForm: "comment" | "delta" | "none";
}
interface PreemptConfig {
    readonly enabled: boolean;
    readonly minRunMs: number;
    readonly maxRestarts: number;
    readonly maxParkedMs: number;
    readonly freeWithinMs: number;
}
interface LimitsConfig {
    readonly bodyBytes: number;
    readonly queuedBodyBytes: number;
    readonly headersTimeoutMs: number;
    readonly shutdownMs: number;
}
interface BatchesConfig {
    readonly enabled: boolean;
    readonly maxInputBytes: number;
    readonly maxFileBytes: number;
    readonly maxLines: number;
    readonly maxLineBytes: number;
    readonly maxAttempts: number;
    readonly retentionDays: number;
    readonly oneModel: boolean;
}
interface LogConfig {
    readonly level: "debug" | "info" | "warn" | "error" | "silent";
    readonly form: "auto" | "json" | "text";
}
interface GatewayContext {
    config: GatewayConfig;
    keys: Keys;
    hosts: Hosts;
    readonly upstreams: Upstreams;
    readonly bodies: BodyBudget;
    readonly requests: RequestLog;
    readonly heldPermits: HeldPermits;
    readonly retries: Retries;
    readonly clock: Clock;
    readonly log: Logger;
    readonly instance: string;
}
interface Identity {
    readonly client: string;
    readonly role: "user" | "admin";
    readonly priority: number | undefined;
    readonly ceiling: number | undefined;
    readonly maxWaitMs: number | undefined;
}
interface UpstreamsOptions {
    readonly onChange: (upstream: Upstream) => void;
    readonly own: (upstream: Upstream) => number | undefined;
    readonly clock?: Clock;
}
type Choice = {
    readonly upstream: Upstream;
} | {
    readonly refused: "no_upstream" | "upstream_down" | "unknown_model";
    readonly models: readonly string[];
};
declare class GateGroup {
    #private;
    readonly gate: Gate;
    readonly times: ServiceTimes;
    readonly lanes: Lanes;
    readonly runs: ModelRuns;
    constructor(options: GateGroupOptions);
    retryAfterSeconds(): number;
    overridden: boolean;
    get reserved(): number;
    resize(capacity: number): void;
    close(): void;
}
interface StoredBody {
    readonly size: number;
    bytes(): Promise<Uint8Array>;
    dispose(): void;
}
interface RequestRecord {
    readonly id: string;
    readonly method: string;
    readonly path: string;
    readonly arrivedAt: number;
    readonly arrivedAtEpochMs: number;
    client: string;
    dialect: DialectName | undefined;
    model: string | undefined;
    upstream: string | undefined;
    countsAsOne: boolean;
    gate: string | undefined;
    gateId: string | undefined;
    priority: number | undefined;
    prioritySource: string | undefined;
    state: "reading" | "waiting" | "running" | "parked" | "over";
    readonly phases: PhaseStart[];
    grantedAt: number | undefined;
    firstTokenAt: number | undefined;
    endedAt: number | undefined;
    outcome: Outcome | undefined;
    status: number;
    parks: number;
    restarts: number;
    promptTokens: number | undefined;
    completionTokens: number | undefined;
}
interface RequestObserver {
    opened?(record: RequestRecord): void;
    classified?(classification: Classification, client: string): void;
    changed?(record: RequestRecord): void;
    closed?(record: RequestRecord): void;
}
interface Classification {
    readonly priority: number;
    readonly source: string;
    readonly model: string | undefined;
    readonly unknown: string | undefined;
    readonly clamped: boolean;
}
declare class HeldPermit {
    readonly gate: string;
    readonly client: string;
    readonly riders: Gate;
    constructor({ id, gate, client, clock }: HeldPermitOptions);
    pause(): Promise<void>;
    resume(): void;
    end(): Promise<void>;
}
interface KeptPlace extends PlaceInLine {
    readonly gate: string;
}
declare class BatchMetrics implements BatchObserver {
    #private;
    constructor(registry: Registry);
    settled(fate: LineFate, count: number): void;
    ended({ status }: BatchRecord): void;
    measure({ open, inFlight }: OpenBatches, now: number): void;
}
type Measured = Pick<GatewayContext, "config" | "upstreams" | "bodies"> & {
    readonly gates: {
        readonly all: readonly {
            readonly gate: Gate;
        }[];
    };
    readonly batches?: OpenBatches | undefined;
};
declare class Warnings {
    #private;
    get all(): readonly Warning[];
    add(warning: Omit<Warning, "id" | "at">): void;
    watch(gate: Gate): void;
}
declare class GateHistory {
    #private;
    readonly usage: GateUsage;
    readonly foreground: Times;
    readonly background: Times;
    constructor(gate: Gate, clock: Pick<Clock, "now">, isForeground: (priority: number) => boolean);
    firstToken(priority: number, afterMs: number): void;
}
interface Ended {
    readonly record: RequestRecord;
    readonly sequence: number;
}
declare class FileDesk {
    #private;
    constructor(means: FileDeskMeans);
    beginUpload(): Promise<Upload>;
    add(tenant: string, upload: Upload, wish: FileWish): Promise<FileObject>;
    list(tenant: string, query: Query): Promise<ListObject<FileObject>>;
    show(tenant: string, id: string): Promise<FileObject>;
    find(tenant: string, id: string): Promise<FileRecord>;
    read({ blob }: FileRecord, range: {
        readonly start: number;
        readonly end: number;
    }): Promise<Readable>;
    remove(tenant: string, id: string): Promise<{
        readonly id: string;
        readonly object: "file";
        deleted: true;
    }>;
}
declare class BatchDesk {
    #private;
    constructor(means: BatchDeskMeans);
    create(ask: CreateAsk): Promise<BatchObject>;
    list(tenant: string, query: Query): Promise<ListObject<BatchObject>>;
    show(tenant: string, id: string): Promise<BatchObject>;
    cancel(tenant: string, id: string): Promise<BatchObject>;
    pause(id: string, paused: boolean, who: {
        readonly tenant: string;
        readonly anyTenant: boolean;
    }): Promise<BatchObject>;
}
interface BatchServiceOptions {
    readonly store: Store;
    readonly blobs: Blobs;
    readonly limits: () => BatchLimits;
    readonly ask: AskLine;
    readonly capacity: () => number;
    readonly clock: Clock;
    readonly wallNow?: () => number;
    readonly observer: BatchObserver;
}
interface BatchRecord extends NewBatch {
    readonly status: BatchStatus;
    readonly ending: BatchEnding | null;
    readonly paused: boolean;
    readonly model: string | null;
    readonly errors: readonly InputError[];
    readonly outputFileId: string | null;
    readonly errorFileId: string | null;
    readonly inProgressAt: number | null;
    readonly finalizingAt: number | null;
    readonly completedAt: number | null;
    readonly failedAt: number | null;
    readonly expiredAt: number | null;
    readonly cancellingAt: number | null;
    readonly cancelledAt: number | null;
    readonly total: number;
    readonly completed: number;
    readonly failed: number;
    readonly usage: TokenSums;
}
interface ModelsConfig {
    readonly allow?: readonly string[] | undefined;
    readonly alias: Readonly<Record<string, string>>;
    readonly pin?: string | undefined;
}
interface ResumeConfig {
    readonly modelFolder?: string | undefined;
    readonly stopStreams: boolean;
}
interface Engine {
    readonly name: EngineName;
    readonly title: string;
    readonly usualPorts: readonly number[];
    identify(probe: Probe): Promise<boolean>;
    tuned?(probe: Probe): Promise<Engine>;
    capacity(probe: Probe): Promise<Capacity | undefined>;
    health(probe: Probe): Promise<Health>;
    load?(probe: Probe): Promise<number | undefined>;
    readonly loadOnlyBesideWork?: true;
    models(probe: Probe): Promise<readonly string[] | undefined>;
    loadedFor?(model: string, request: OutgoingRequest): string;
    readonly loadsAnyModel?: true;
    readonly stepAside: StepAside;
    readonly notes: readonly string[];
    mayAbort(exchange: {
        readonly streaming: boolean;
    }): boolean;
    outgoing(request: OutgoingRequest): Outgoing;
    readonly learnsForm?: true;
    readonly cancelling?: Cancelling;
    isBusy?(status: number, body: Uint8Array): boolean;
    readonly resume?: Resume;
    readonly rawResume?: RawResume;
    waysOn?(probe: Probe): Promise<WaysOn>;
    contextTokens?(probe: Probe): Promise<number | undefined>;
    optIn?(wish: OptIn): Engine;
}
type Health = "ready" | "loading" | "down";
interface Capacity {
    readonly slots: number;
    readonly source: string;
}
declare class AbortWatchdog {
    #private;
    stuck: boolean;
    constructor(options: AbortWatchdogOptions);
    aborted(): void;
    sent(): void;
    heard(): void;
    close(): void;
}
interface UpstreamOptions {
    readonly name: string;
    readonly url: URL;
    readonly apiKey: string | undefined;
    readonly capacity: number | undefined;
    readonly models: ModelsConfig;
    readonly preempt: boolean | undefined;
    readonly optIn?: OptIn | undefined;
    readonly watchdog: AbortWatchdog;
}
interface WaysOn {
    readonly chat: boolean;
    readonly raw: boolean;
}
type Ask = (path: string, body: object) => Promise<ProbeAnswer | undefined>;
interface Proof {
    readonly marksBeginning: boolean;
}
type DialectName = "openai-chat" | "openai-completions" | "openai-embeddings" | "openai-responses" | "anthropic-messages" | "ollama-chat" | "ollama-generate" | "ollama-embed" | "llama-completion" | "rerank" | "opaque";
declare class WholeForm {
    #private;
    constructor(answer: JsonObject);
    get toldByStreams(): boolean;
    complete(answer: JsonObject): JsonObject;
}
type JsonObject = Readonly<Record<string, unknown>>;
interface RunName {
    readonly request: string;
    readonly answer: string | undefined;
}
interface Store {
    addFile(file: FileRecord): Promise<void>;
    file(tenant: string, id: string): Promise<FileRecord | undefined>;
    files(tenant: string, query: PageQuery & {
        readonly purpose?: string | undefined;
    }): Promise<Page<FileRecord>>;
    removeFile(tenant: string, id: string): Promise<boolean>;
    removeExpiredFiles(now: number): Promise<number>;
    unusedBlobs(names: readonly string[]): Promise<readonly string[]>;
    createBatch(batch: NewBatch, idempotency?: Idempotency): Promise<BatchRecord>;
    batch(tenant: string, id: string): Promise<BatchRecord | undefined>;
    batches(tenant: string, query: PageQuery): Promise<Page<BatchRecord>>;
    openBatches(): Promise<readonly BatchRecord[]>;
    addLines(id: string, lines: readonly NewLine[]): Promise<void>;
    start(id: string, facts: {
        readonly total: number;
        readonly model: string | null;
        readonly now: number;
    }): Promise<BatchRecord>;
    fail(id: string, errors: readonly InputError[], now: number): Promise<BatchRecord>;
    setPaused(tenant: string, id: string, paused: boolean): Promise<BatchRecord | undefined>;
    end(id: string, ending: Exclude<BatchEnding, "completed">, now: number): Promise<BatchRecord | undefined>;
    settle(settlements: readonly Settlement[], claim: {
        readonly limit: number;
        readonly nowMs: number;
    }): Promise<Settled>;
    nextRetryAt(): Promise<number | undefined>;
    finalize(id: string, ids: {
        readonly outputFileId: string;
        readonly errorFileId: string;
        readonly now: number;
    }): Promise<BatchRecord>;
    results(id: string, query: {
        readonly which: "output" | "error";
        readonly after: number;
        readonly limit: number;
    }): Promise<readonly LineResult[]>;
    finish(id: string, files: readonly FileRecord[], now: number): Promise<BatchRecord>;
    removeEndedBatches(before: number): Promise<number>;
    close(): Promise<void>;
}
interface Blobs {
    create(name: string, options?: {
        readonly owed?: boolean;
    }): Promise<BlobWriter>;
    read(name: string, range?: {
        readonly start: number;
        readonly end: number;
    }): Promise<Readable>;
    slice(name: string, offset: number, length: number): Promise<Buffer>;
    list(): Promise<readonly {
        readonly name: string;
        readonly ageMs: number;
    }[]>;
    remove(name: string): Promise<void>;
}
interface LaneConfig {
    readonly maxWaiting?: number | undefined;
    readonly maxWaitMs?: number | undefined;
}
declare class ServiceTimes {
    #private;
    record(heldMs: number): void;
    etaMs(position: number, capacity: number): number | undefined;
    retryAfterSeconds(waiting: number, capacity: number): number;
}
declare class Lanes {
    #private;
    enter(queue: QueueConfig, priority: number, retryAfterSeconds: number): {
        leave(): void;
    };
}
declare class ModelRuns {
    #private;
    placeFor({ priority, model }: Need, limit: number): string | undefined;
    enter({ priority, model }: Need, id: string): {
        leave(): void;
    };
}
interface GateGroupOptions {
    readonly name: string;
    readonly capacity: number;
    readonly reserved: number;
    readonly foregroundUpTo: number;
    readonly beside: "pause" | "share";
    readonly idleGraceMs: number;
    readonly idleGraceGuardMs: number;
    readonly maxWaiting: number;
    readonly starvationWarnMs: number;
    readonly agingMs: number | undefined;
    readonly clock?: Clock;
}
type PhaseStart = readonly [phase: Phase, at: number];
type Outcome = "finished" | "client_closed" | "refused" | "upstream_error" | UpstreamFailureCode | GateErrorCode | "internal_error";
interface HeldPermitOptions {
    readonly id: string;
    readonly gate: string;
    readonly client: string;
    readonly clock: Clock;
}
interface BatchObserver {
    created?(batch: BatchRecord): void;
    started?(batch: BatchRecord): void;
    finalizing?(batch: BatchRecord): void;
    ended?(batch: BatchRecord): void;
    settled?(fate: LineFate, count: number): void;
    trouble?(error: unknown): void;
    well?(): void;
}
type LineFate = "completed" | "failed" | "retried" | "given_back";
interface OpenBatches {
    readonly open: Iterable<BatchRecord>;
    readonly inFlight: number;
}
interface Warning {
    readonly id: number;
    readonly at: number;
    readonly kind: "starvation" | "leak" | "stuck";
    readonly gate: string;
    readonly request?: string | undefined;
    readonly text: string;
}
declare class GateUsage {
    #private;
    constructor(gate: Gate, clock: Pick<Clock, "now">);
    get usage(): Usage;
}
interface Times {
    readonly wait: TimeCounts;
    readonly firstToken: TimeCounts;
}
interface FileDeskMeans {
    readonly store: Store;
    readonly blobs: Blobs;
    readonly limits: () => BatchLimits;
    readonly now: () => number;
}
declare class Upload {
    #private;
    readonly id: string;
    bytes: number;
    private constructor();
    static begin(blobs: Blobs, mostBytes: number): Promise<Upload>;
    write(chunk: Uint8Array): Promise<void>;
    commit(): Promise<void>;
    discard(): Promise<void>;
}
interface FileWish {
    readonly filename: string;
    readonly purpose: string;
    readonly expiresAfter: number | undefined;
}
interface FileObject {
    readonly id: string;
    readonly object: "file";
    readonly bytes: number;
    readonly created_at: number;
    readonly expires_at: number | null;
    readonly filename: string;
    readonly purpose: string;
    readonly status: "processed";
    readonly status_details: null;
}
type Query = Readonly<Record<string, unknown>>;
interface ListObject<T> {
    readonly object: "list";
    readonly data: readonly T[];
    readonly first_id: string | null;
    readonly last_id: string | null;
    readonly has_more: boolean;
}
interface FileRecord {
    readonly id: string;
    readonly tenant: string;
    readonly filename: string;
    readonly purpose: string;
    readonly bytes: number;
    readonly blob: string;
    readonly createdAt: number;
    readonly expiresAt: number | null;
}
interface BatchDeskMeans {
    readonly store: Store;
    readonly files: FileDesk;
    readonly now: () => number;
    readonly onChange: (batch: BatchRecord, what: BatchChange) => void;
}
interface CreateAsk {
    readonly tenant: string;
    readonly body: unknown;
    readonly idempotencyKey?: string | undefined;
    readonly priority?: number | undefined;
}
interface BatchObject {
    readonly id: string;
    readonly object: "batch";
    readonly endpoint: string;
    readonly model: string | null;
    readonly errors: {
        readonly object: "list";
        readonly data: readonly InputError[];
    } | null;
    readonly input_file_id: string;
    readonly completion_window: string;
    readonly status: BatchStatus;
    readonly output_file_id: string | null;
    readonly error_file_id: string | null;
    readonly created_at: number;
    readonly in_progress_at: number | null;
    readonly expires_at: number;
    readonly finalizing_at: number | null;
    readonly completed_at: number | null;
    readonly failed_at: number | null;
    readonly expired_at: number | null;
    readonly cancelling_at: number | null;
    readonly cancelled_at: number | null;
    readonly request_counts: {
        readonly total: number;
        readonly completed: number;
        readonly failed: number;
    };
    readonly usage: BatchUsage;
    readonly metadata: Readonly<Record<string, string>> | null;
    readonly headgate: {
        readonly paused: boolean;
        readonly priority: number;
    };
}
interface BatchLimits {
    readonly maxInputBytes: number;
    readonly maxFileBytes: number;
    readonly maxLines: number;
    readonly maxLineBytes: number;
    readonly maxAttempts: number;
    readonly retentionDays: number;
    readonly oneModel: boolean;
}
type AskLine = (request: LineRequest) => Asking;
interface NewBatch {
    readonly id: string;
    readonly tenant: string;
    readonly endpoint: string;
    readonly inputFileId: string;
    readonly inputBlob: string;
    readonly completionWindow: string;
    readonly metadata: Readonly<Record<string, string>> | null;
    readonly outputExpiresAfter: number | null;
    readonly priority: number;
    readonly createdAt: number;
    readonly expiresAt: number;
}
type BatchStatus = "validating" | "in_progress" | "finalizing" | "cancelling" | "completed" | "failed" | "expired" | "cancelled";
type BatchEnding = "completed" | "expired" | "cancelled";
interface InputError {
    readonly code: string;
    readonly message: string;
    readonly line: number | null;
    readonly param: string | null;
}
interface TokenSums {
    readonly input: number;
    readonly cached: number;
    readonly output: number;
    readonly reasoning: number;
}
type EngineName = "llama-server" | "ollama" | "lm-studio" | "mlx-lm" | "mlx-vlm" | "vllm-mlx" | "omlx" | "vllm" | "sglang" | "simulated" | "unknown";
interface Probe {
    get(path: string): Promise<ProbeAnswer | undefined>;
    post(path: string, body: object): Promise<ProbeAnswer | undefined>;
}
interface OutgoingRequest {
    readonly route: Route;
    readonly facts: RequestFacts;
    readonly body: JsonReader | undefined;
    readonly priority: number;
    readonly parkable: boolean;
    readonly form?: WholeForm | undefined;
}
type StepAside = "resume" | "restart" | "finish";
interface Outgoing {
    readonly edits: readonly Edit[];
    readonly dropHeaders: readonly string[];
    readonly forceStream: boolean;
    readonly hide: readonly Hidden[];
    readonly form?: WholeForm | undefined;
}
interface Cancelling {
    ownName?(body: JsonReader): string | undefined;
    name?(name: string): readonly Edit[];
    call(name: RunName): {
        readonly path: string;
        readonly body: object;
    } | undefined;
}
type Resume = (request: OutgoingRequest, said: Said) => Resumption | undefined;
interface RawResume {
    canContinue(request: OutgoingRequest, said: Said): boolean;
    needsProof?(request: OutgoingRequest): boolean;
    prove?(ask: Ask, model: string | undefined): Promise<Proof | undefined>;
    prepare(ask: Ask, request: OutgoingRequest & {
        readonly sent: Uint8Array;
    }, stand: RawStand): Promise<RawRun | undefined>;
}
interface OptIn {
    readonly chatTemplate: ChatTemplate | undefined;
    readonly stopStreams: boolean;
}
interface AbortWatchdogOptions {
    readonly clock: Clock;
    readonly withinMs: number;
    readonly onStuck: (waitedMs: number) => void;
    readonly onFreed: (afterMs: number) => void;
}
interface ProbeAnswer {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly text: string;
    readonly json: unknown;
}
interface PageQuery {
    readonly after?: string | undefined;
    readonly limit: number;
    readonly order: "asc" | "desc";
}
interface Page<T> {
    readonly items: readonly T[];
    readonly hasMore: boolean;
}
interface Idempotency {
    readonly key: string;
    readonly fingerprint: string;
    readonly until: number;
}
interface NewLine {
    readonly n: number;
    readonly customId: string;
    readonly offset: number;
    readonly length: number;
    readonly group: number;
}
interface Settlement {
    readonly batchId: string;
    readonly n: number;
    readonly attempt: number;
    readonly result: LineOutcome | {
        readonly kind: "retry";
        readonly retryAt: number;
    } | {
        readonly kind: "giveBack";
        readonly notBefore?: number | undefined;
    };
}
interface Settled {
    readonly accepted: readonly boolean[];
    readonly claimed: readonly ClaimedLine[];
}
interface LineResult {
    readonly n: number;
    readonly customId: string;
    readonly outcome: LineOutcome;
}
interface BlobWriter {
    write(chunk: Uint8Array): Promise<void>;
    commit(): Promise<number>;
    discard(): Promise<void>;
}
interface Need {
    readonly priority: number;
    readonly model: string | undefined;
}
type Phase = "waiting" | "sent" | "answering" | "held" | "parked";
type UpstreamFailureCode = "upstream_unreachable" | "upstream_timeout" | "upstream_failed" | "resume_failed";
interface Usage {
    readonly stepMs: number;
    readonly until: number;
    readonly foreground: readonly number[];
    readonly background: readonly number[];
    readonly capacity: readonly number[];
}
declare class TimeCounts {
    #private;
    constructor(clock: Pick<Clock, "now">);
    add(ms: number): void;
    get counts(): readonly number[];
}
type BatchChange = "created" | "cancelled" | "paused" | "unpaused";
interface BatchUsage {
    readonly input_tokens: number;
    readonly input_tokens_details: {
        readonly cached_tokens: number;
    };
    readonly output_tokens: number;
    readonly output_tokens_details: {
        readonly reasoning_tokens: number;
    };
    readonly total_tokens: number;
}
interface LineRequest {
    readonly id: string;
    readonly tenant: string;
    readonly path: string;
    readonly priority: number;
    readonly body: Uint8Array;
}
interface Asking {
    readonly answer: Promise<LineAnswer>;
    readonly running: boolean;
    callOff(): void;
}
interface Route {
    readonly dialect: DialectName;
    readonly family: Family;
    readonly work: "generate" | "compute";
    readonly streamDefault: boolean;
    readonly body: "json" | "opaque";
}
interface RequestFacts {
    readonly model?: string | undefined;
    readonly stream: boolean;
    readonly n: number;
    readonly logprobs: boolean;
    readonly tools: boolean;
    readonly grammar: boolean;
    readonly maxTokens?: number | undefined;
    readonly priority?: string | number | boolean | undefined;
    readonly serviceTier?: string | undefined;
    readonly user?: string | undefined;
    readonly includeUsage: boolean;
    readonly isLoad: boolean;
}
declare class JsonReader {
    #private;
    constructor(fields: JsonFields);
    kind(name: string): JsonKind | undefined;
    text(name: string): string | undefined;
    number(name: string): number | undefined;
    flag(name: string): boolean | undefined;
    scalar(name: string): JsonScalar | undefined;
    object(name: string): JsonReader | undefined;
    objectAt(span: Span): JsonReader | undefined;
    items(name: string): Generator<Span, void, undefined>;
    kindAt({ start }: Span): JsonKind;
    scalarAt(span: Span): JsonScalar | undefined;
}
type Edit = {
    readonly set: EditTarget;
    readonly value: unknown;
} | {
    readonly append: EditTarget;
    readonly value: unknown;
} | {
    readonly remove: EditTarget;
};
type Hidden = "usage" | "running-usage" | "progress" | "timings";
interface Said {
    readonly content: string;
    readonly reasoning: string;
    readonly tokens: number | undefined;
    readonly calledTool: boolean;
}
interface Resumption {
    readonly edits: readonly Edit[];
    readonly joint?: Joint;
}
interface RawStand {
    readonly said: Said;
    readonly proof: Proof | undefined;
}
interface RawRun extends Resumption {
    readonly path: string;
}
declare class ChatTemplate {
    #private;
    constructor(source: string, tokens: SpecialTokens);
    get beginning(): string;
    render(messages: readonly PlainMessage[], options?: Readonly<Record<string, unknown>>): string | undefined;
}
type LineOutcome = {
    readonly kind: "answered";
    readonly statusCode: number;
    readonly requestId: string;
    readonly body: string;
    readonly usage: TokenSums;
} | {
    readonly kind: "unanswered";
    readonly code: string;
    readonly message: string;
};
interface ClaimedLine {
    readonly batchId: string;
    readonly tenant: string;
    readonly endpoint: string;
    readonly priority: number;
    readonly expiresAt: number;
    readonly inputBlob: string;
    readonly n: number;
    readonly customId: string;
    readonly offset: number;
    readonly length: number;
    readonly attempt: number;
}
type LineAnswer = {
    readonly kind: "answered";
    readonly status: number;
    readonly body: Uint8Array;
    readonly retryAfterMs: number | undefined;
} | {
    readonly kind: "cut";
} | {
    readonly kind: "calledOff";
};
type Family = "openai" | "anthropic" | "ollama" | "llama";
declare class JsonFields {
    #private;
    readonly body: Uint8Array;
    readonly start: number;
    constructor(body: Uint8Array, start: number, offsets: readonly number[]);
    get count(): number;
    get(name: string): Span | undefined;
    occurrences(name: string): number[];
    key(index: number): Span;
    value(index: number): Span;
}
type JsonKind = "string" | "number" | "boolean" | "null" | "list" | "object";
type JsonScalar = string | number | boolean;
interface Span {
    readonly start: number;
    readonly end: number;
}
type EditTarget = string | readonly string[];
interface Joint {
    readonly raw?: RawJoint;
    readonly counted?: {
        readonly promptTokens: number;
        readonly saidTokens: number;
    };
    readonly echo?: string;
    readonly again?: string;
}
type SpecialTokens = Readonly<Record<string, string>>;
interface PlainMessage {
    readonly role: string;
    readonly content: string;
}
interface RawJoint {
    readonly wantsUsage: boolean;
}
