import type { Logger } from "pino";
import { Priority } from "../gate/index.ts";
import type { RequestObserver } from "./request-log.ts";
import { waitedMs, type Outcome, type RequestRecord } from "./request-record.ts";

/** One finished request, as it is logged. Times count from its arrival; what it did not get to is not there. */
export interface RequestLine {
  readonly level: string;
  readonly msg: "request";
  readonly id: string;
  readonly method: string;
  /** Without its query, which may hold anything. */
  readonly path: string;
  readonly status: number;
  readonly outcome: Outcome;
  readonly client: string;
  readonly priority?: number;
  /** Where the priority came from. */
  readonly source?: string;
  readonly model?: string;
  readonly upstream?: string;
  /** Until it had its permit, or until it was given up; not there if it never came to wait. */
  readonly waitMs?: number;
  readonly firstTokenMs?: number;
  readonly totalMs: number;
  readonly promptTokens?: number;
  readonly completionTokens?: number;
  /** How often it stepped aside, if it did, and how often it was begun anew for that. */
  readonly parks?: number;
  readonly restarts?: number;
}

const MESSAGE = "request";

/** What clients name may be as long as they like. */
const MAX_TEXT = 200;

/** Ends that are the gateway's or the server's fault rather than the client's or the load's. */
const LEVELS: Readonly<Partial<Record<Outcome, "warn" | "error">>> = {
  upstream_error: "warn",
  upstream_failed: "warn",
  upstream_timeout: "warn",
  upstream_unreachable: "warn",
  internal_error: "error",
};

/**
 * Writes one line for each request that has ended. Those that needed no permit and went well, such as the model lists that chat
 * pages ask for all day, are written at level debug.
 */
export function requestLines(log: Logger): RequestObserver {
  return {
    closed(record) {
      const { outcome = "internal_error", priority } = record;
      const level = LEVELS[outcome] ?? (priority === undefined && outcome === "finished" ? "debug" : "info");
      if (log.isLevelEnabled(level)) log[level](lineOf(record, outcome), MESSAGE);
    },
  };
}

function lineOf(record: RequestRecord, outcome: Outcome): Omit<RequestLine, "level" | "msg"> {
  const { id, method, path, status, client, arrivedAt } = record;
  const since = (at: number): number => Math.round(at - arrivedAt);
  return {
    id,
    method,
    path: short(path.split("?", 1)[0]!),
    status,
    outcome,
    client,
    ...(record.priority !== undefined && { priority: record.priority }),
    ...(record.prioritySource !== undefined && { source: record.prioritySource }),
    ...(record.model !== undefined && { model: short(record.model) }),
    ...(record.upstream !== undefined && { upstream: record.upstream }),
    ...((record.grantedAt ?? record.gateId) !== undefined && { waitMs: Math.round(waitedMs(record)) }),
    ...(record.firstTokenAt !== undefined && { firstTokenMs: since(record.firstTokenAt) }),
    totalMs: since(record.endedAt ?? arrivedAt),
    ...(record.promptTokens !== undefined && { promptTokens: record.promptTokens }),
    ...(record.completionTokens !== undefined && { completionTokens: record.completionTokens }),
    ...(record.parks > 0 && { parks: record.parks, restarts: record.restarts }),
  };
}

export function isRequestLine(line: object): line is RequestLine {
  return "msg" in line && line.msg === MESSAGE && "outcome" in line;
}

/** `✓ 200 foreground   waited 0.0 s  first 0.3 s  total 2.4 s  182 tokens  qwen3-8b on gpu  chat  /v1/chat/completions  req_0a1b2c3d` */
export function requestText(line: RequestLine): string {
  const { status, outcome, priority, source, completionTokens, model, upstream } = line;
  const parts = [
    `${outcome === "finished" ? "✓" : "✗"} ${status || "---"} ${nameOf(priority).padEnd(10)}`,
    ...(line.waitMs === undefined ? [] : [`waited ${seconds(line.waitMs)}`]),
    ...(line.firstTokenMs === undefined ? [] : [`first ${seconds(line.firstTokenMs)}`]),
    `total ${seconds(line.totalMs)}`,
    ...(completionTokens === undefined ? [] : [`${String(completionTokens).padStart(5)} tokens`]),
    ...(line.parks === undefined ? [] : [`stepped aside ${line.parks}x`]),
    ...(outcome === "finished" ? [] : [outcome]),
    ...(model === undefined ? [] : [model]),
    ...(upstream === undefined ? [] : [`on ${upstream}`]),
    `for ${line.client}`,
    ...(source === undefined || source === "default" ? [] : [`by ${source}`]),
    `${line.method} ${line.path}`,
    // Enough to find it by in the JSON log and in the answer's headers.
    line.id.slice(0, 12),
  ];
  return parts.join("  ");
}

function nameOf(priority: number | undefined): string {
  if (priority === Priority.FOREGROUND) return "foreground";
  if (priority === Priority.BACKGROUND) return "background";
  return priority === undefined ? "" : String(priority);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 100_000 ? 1 : 0).padStart(4)} s`;
}

function short(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}
