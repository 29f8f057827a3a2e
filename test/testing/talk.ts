import type { ModelServer } from "../../src/testing/index.ts";

export type Json = Record<string, unknown>;

export const USER = { role: "user", content: "Which way does the queue go?" };

/** POSTs JSON to a path of the server. */
export async function post(
  server: ModelServer,
  path: string,
  body: unknown,
  init: RequestInit = {},
): Promise<Response> {
  return fetch(server.url + path, {
    method: "POST",
    body: JSON.stringify(body),
    ...init,
    headers: { "content-type": "application/json", ...(init.headers as Record<string, string> | undefined) },
  });
}

/** The same, and reads the answer as JSON. */
export async function ask(server: ModelServer, path: string, body: unknown): Promise<{ status: number; body: Json }> {
  const response = await post(server, path, body);
  return { status: response.status, body: (await response.json()) as Json };
}

export async function get(server: ModelServer, path: string): Promise<{ response: Response; text: string }> {
  const response = await fetch(server.url + path);
  return { response, text: await response.text() };
}

/** The data of every event of a stream, parsed; `[DONE]` as that string. Comments are left out. */
export function events(text: string): (Json | "[DONE]")[] {
  return text
    .split("\n\n")
    .flatMap((frame) => frame.split("\n").filter((each) => each.startsWith("data: ")))
    .map((each) => each.slice("data: ".length))
    .map((data) => (data === "[DONE]" ? data : (JSON.parse(data) as Json)));
}

/** What a streamed chat answer says, by member of its deltas. */
export function said(text: string, member = "content"): string {
  return events(text)
    .flatMap((event) => (event === "[DONE]" ? [] : ((event["choices"] ?? []) as { delta: Json }[])))
    .map(({ delta }) => (delta[member] as string | null | undefined) ?? "")
    .join("");
}

/** A request that a test can hang up on. */
export interface Call {
  readonly answer: Promise<Response>;
  hangUp(): void;
}

export function call(server: ModelServer, path: string, body: unknown, headers: Record<string, string> = {}): Call {
  const controller = new AbortController();
  const answer = post(server, path, body, { signal: controller.signal, headers });
  // Whoever hangs up does not want to hear about it.
  answer.then(drain, ignore);
  return { answer, hangUp: () => controller.abort() };
}

function drain(response: Response): void {
  response.body?.pipeTo(new WritableStream()).catch(ignore);
}

function ignore(): void {}
