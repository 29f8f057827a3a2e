// headgate/client

import { AcquireOptions } from "headgate";
import { Clock } from "headgate";
import { Gate } from "headgate";
import { GateEvent } from "headgate";
import { GateEventName } from "headgate";
import { Priority } from "headgate";
import { YieldOptions } from "headgate";
export declare function ambientPriority(): Priority | undefined;
export declare function priorityFromContext(fallback?: Priority): () => Priority;
export declare function withPriority<T>(priority: Priority, fn: () => T): T;
export declare function channelName(event: GateEventName): `headgate:${GateEventName}`;
export declare function publishDiagnostics(gate: Gate): () => void;
export declare function eventLevel(event: GateEvent): LogLevel;
export declare function eventLine(event: GateEvent): string;
export declare function logGate(gate: Gate, options?: GateLogOptions): () => void;
export interface GateLogOptions {
    readonly write?: ((line: string, level: LogLevel) => void) | undefined;
}
export type LogLevel = "info" | "warn";
export declare class BodyIdleError extends Error {
    readonly code = "body_idle";
    constructor(message: string);
}
export declare const DEFAULT_BODY_IDLE_MS = 60000;
export declare function gatedFetch(gate: Gate, options?: GatedFetchOptions): Fetch;
export type Fetch = typeof globalThis.fetch;
export interface GatedFetchOptions {
    readonly priority?: Priority | undefined;
    readonly timeoutMs?: number | undefined;
    readonly label?: string | undefined;
    readonly preemptible?: boolean | undefined;
    readonly bodyIdleMs?: number | undefined;
    readonly fetch?: Fetch | undefined;
    readonly clock?: Clock | undefined;
}
export declare class GatewayError extends Error {
    readonly code: string;
    readonly status: number | undefined;
    constructor(code: string, message: string, options?: {
        readonly status?: number;
        readonly cause?: unknown;
    });
}
export declare function connectGate(url: string | URL, options?: ConnectGateOptions): RemoteGate;
export declare class RemoteGate {
    #private;
    readonly url: string;
    acquire(options?: RemoteAcquireOptions): Promise<RemotePermit>;
    run<Result>(task: (permit: RemotePermit) => Result | PromiseLike<Result>, options?: RemoteAcquireOptions): Promise<Result>;
}
export interface ConnectGateOptions {
    readonly key?: string | undefined;
    readonly upstream?: string | undefined;
    readonly clock?: Clock | undefined;
}
export interface RemoteAcquireOptions extends Pick<AcquireOptions, "signal" | "label"> {
    readonly priority?: number | undefined;
    readonly timeoutMs?: number | undefined;
    readonly preemptible?: boolean | undefined;
    readonly onEnqueue?: ((id: string, position: number) => void) | undefined;
}
export declare class RemotePermit {
    #private;
    get id(): string;
    get priority(): number;
    get label(): string | undefined;
    get waitedMs(): number;
    get released(): boolean;
    get baseURL(): string;
    get signal(): AbortSignal;
    release(): boolean;
    yield(options?: YieldOptions): Promise<boolean>;
    [Symbol.dispose](): void;
    [Symbol.asyncDispose](): Promise<void>;
}
