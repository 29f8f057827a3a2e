// headgate

export declare class Gate {
    #private;
    readonly name: string;
    constructor(options?: GateOptions | number);
    get capacity(): number;
    get held(): number;
    get heldWithin(): number;
    get waiting(): number;
    get state(): GateState;
    acquire(options?: AcquireOptions): Promise<Permit>;
    tryAcquire(options?: TryAcquireOptions): Permit | undefined;
    run<Result>(task: (permit: Permit) => Result | PromiseLike<Result>, options?: AcquireOptions): Promise<Result>;
    resize(capacity: number): void;
    reserve(permits: number): void;
    pause(): void;
    unpause(): void;
    drain(): Promise<void>;
    close(reason?: string): void;
    cancel(id: string): boolean;
    reprioritise(id: string, priority: Priority): boolean;
    snapshot(): GateSnapshot;
    on<Name extends GateEventName>(name: Name, listener: GateListener<Name>): () => void;
    on(name: "*", listener: GateListener): () => void;
    [Symbol.asyncDispose](): Promise<void>;
}
export declare class Permit {
    #private;
    get id(): string;
    get priority(): Priority;
    get label(): string | undefined;
    get waitedMs(): number;
    get released(): boolean;
    get signal(): PlatformAbortSignal;
    release(): boolean;
    yield(options?: YieldOptions): Promise<boolean>;
    [Symbol.dispose](): void;
    [Symbol.asyncDispose](): Promise<void>;
}
export interface YieldOptions {
    readonly signal?: AbortSignalLike | undefined;
    readonly timeoutMs?: number | undefined;
}
export declare const DEFAULT_PRIORITY: Priority;
export declare const Priority: {
    readonly FOREGROUND: 0;
    readonly BACKGROUND: 100;
};
export type Priority = number;
export interface AcquireOptions {
    readonly priority?: Priority | undefined;
    readonly signal?: AbortSignalLike | undefined;
    readonly timeoutMs?: number | undefined;
    readonly preemptible?: boolean | undefined;
    readonly label?: string | undefined;
    readonly onEnqueue?: ((id: string) => void) | undefined;
    readonly place?: PlaceInLine | undefined;
}
export interface GateOptions {
    readonly capacity?: number | undefined;
    readonly reserved?: Reserved | undefined;
    readonly maxWaiting?: number | undefined;
    readonly starvationWarnMs?: number | undefined;
    readonly agingMs?: number | undefined;
    readonly defaultPriority?: Priority | (() => Priority) | undefined;
    readonly clock?: Clock | undefined;
    readonly name?: string | undefined;
}
export interface PlaceInLine {
    readonly id: string;
    readonly arrivedAt: number;
}
export interface Reserved {
    readonly permits: number;
    readonly priority: Priority;
}
export declare class GateError extends Error {
    readonly code: GateErrorCode;
    readonly stage: GateStage;
    readonly waitedMs: number;
    readonly waiting: number;
    constructor(code: GateErrorCode, stage: GateStage, message: string, details: GateErrorDetails);
}
export declare function isGateError(error: unknown): error is GateError;
export type GateErrorCode = "queue_full" | "displaced" | "queue_timeout" | "cancelled" | "draining" | "closed" | "preempted" | "permit_released";
export type GateStage = "rejected" | "evicted" | "parked" | "running";
export type GateEvent<Name extends GateEventName = GateEventName> = {
    [Key in Name]: {
        readonly type: Key;
    } & GateEvents[Key];
}[Name];
export type GateEventName = keyof GateEvents;
export interface GateEvents {
    enqueue: Depth & Subject;
    dispatch: Depth & Subject & {
        readonly waitedMs: number;
        readonly queued: boolean;
        readonly resumed: boolean;
    };
    release: Depth & Subject & {
        readonly waitedMs: number;
        readonly heldMs: number;
    };
    reject: Depth & {
        readonly code: GateErrorCode | "aborted";
        readonly priority: Priority;
        readonly label: string | undefined;
    };
    evict: Depth & Subject & {
        readonly code: GateErrorCode | "aborted";
        readonly waitedMs: number;
        readonly parked: boolean;
    };
    preempt: Depth & Subject & {
        readonly heldMs: number;
    };
    park: Depth & Subject & {
        readonly heldMs: number;
    };
    starvation: Depth & {
        readonly count: number;
        readonly thresholdMs: number;
        readonly oldest: Subject & {
            readonly waitedMs: number;
        };
    };
    leak: Depth & Subject & {
        readonly heldMs: number;
    };
    state: Depth & {
        readonly state: GateState;
        readonly capacity: number;
    };
    fault: Depth & {
        readonly during: string;
        readonly error: unknown;
    };
}
export type GateListener<Name extends GateEventName = GateEventName> = (event: GateEvent<Name>) => unknown;
export type GateState = "open" | "paused" | "draining" | "closed";
export interface Subject {
    readonly id: string;
    readonly priority: Priority;
    readonly label: string | undefined;
}
export interface GateSnapshot {
    readonly gate: string;
    readonly state: GateState;
    readonly capacity: number;
    readonly held: number;
    readonly waiting: number;
    readonly holders: readonly HolderSnapshot[];
    readonly waiters: readonly WaiterSnapshot[];
}
export interface HolderSnapshot extends Subject {
    readonly heldMs: number;
    readonly waitedMs: number;
    readonly preemptible: boolean;
    readonly parkRequested: boolean;
}
export interface WaiterSnapshot extends Subject {
    readonly position: number;
    readonly waitedMs: number;
    readonly parked: boolean;
}
export interface AbortSignalLike {
    readonly aborted: boolean;
    readonly reason: unknown;
    addEventListener(type: "abort", listener: () => void): void;
    removeEventListener(type: "abort", listener: () => void): void;
}
export type PlatformAbortSignal = typeof globalThis extends {
    AbortSignal: {
        prototype: infer Signal;
    };
} ? Signal : AbortSignalLike;
export declare const systemClock: Clock;
export interface Clock {
    now(): number;
    after(delayMs: number, callback: () => void, keepAlive: boolean): () => void;
}
type TryAcquireOptions = Pick<AcquireOptions, "priority" | "preemptible" | "label">;
interface GateErrorDetails {
    readonly waitedMs: number;
    readonly waiting: number;
}
interface Depth {
    readonly gate: string;
    readonly held: number;
    readonly waiting: number;
}
