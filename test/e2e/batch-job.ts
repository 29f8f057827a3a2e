import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import type { BatchObject } from "../../src/batch/batch-object.ts";
import type { FileObject } from "../../src/batch/file-object.ts";

/** Where a batch is sent, and with which key. */
export interface Door {
  readonly url: string;
  readonly key?: string | undefined;
}

export interface ResultLine {
  readonly id: string;
  readonly custom_id: string;
  readonly response: { readonly status_code: number; readonly request_id: string; readonly body: unknown } | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

const POLL_MS = 10;

export function chatLine(n: number, body: object = {}): string {
  const messages = [{ role: "user", content: `Question ${n}` }];
  const request = { model: "simulated", messages, max_tokens: 4, ...body };
  return JSON.stringify({ custom_id: `line-${n}`, method: "POST", url: "/v1/chat/completions", body: request });
}

export function chatLines(count: number): string {
  return Array.from({ length: count }, (_, n) => `${chatLine(n)}\n`).join("");
}

export function ask(door: Door, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (door.key !== undefined) headers.set("authorization", `Bearer ${door.key}`);
  return fetch(door.url + path, { ...init, headers });
}

/** The answer's JSON; fails unless it is of 2xx. */
export async function answer<T>(response: Promise<Response>): Promise<T> {
  const got = await response;
  const text = await got.text();
  assert.ok(got.ok, `${got.status} ${text}`);
  return JSON.parse(text) as T;
}

export function upload(door: Door, content: string | Uint8Array<ArrayBuffer>, name = "in.jsonl"): Promise<FileObject> {
  const body = new FormData();
  body.set("purpose", "batch");
  body.set("file", new Blob([content]), name);
  return answer(ask(door, "/v1/files", { method: "POST", body }));
}

export function postJson(
  door: Door,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  const json = body === undefined ? {} : { body: JSON.stringify(body) };
  return ask(door, path, { method: "POST", ...json, headers: { "content-type": "application/json", ...headers } });
}

export async function submit(door: Door, content: string, more: object = {}): Promise<BatchObject> {
  const { id } = await upload(door, content);
  const wish = { input_file_id: id, endpoint: "/v1/chat/completions", completion_window: "24h", ...more };
  return answer(postJson(door, "/v1/batches", wish));
}

export function batchOf(door: Door, id: string): Promise<BatchObject> {
  return answer(ask(door, `/v1/batches/${id}`));
}

/** The batch once `condition` holds of it. */
export async function until(door: Door, id: string, condition: (batch: BatchObject) => boolean): Promise<BatchObject> {
  for (;;) {
    const batch = await batchOf(door, id);
    if (condition(batch)) return batch;
    await pause(POLL_MS);
  }
}

export function ended(door: Door, id: string): Promise<BatchObject> {
  return until(door, id, ({ status }) => ["completed", "failed", "expired", "cancelled"].includes(status));
}

/** The lines of a file of results; none where there is no such file. */
export async function results(door: Door, fileId: string | null): Promise<readonly ResultLine[]> {
  if (fileId === null) return [];
  const response = await ask(door, `/v1/files/${fileId}/content`);
  assert.equal(response.status, 200);
  const text = await response.text();
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as ResultLine);
}
