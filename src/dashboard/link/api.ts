import { readKey } from "./key.ts";

/** Why the gateway did not do it, in words for a person. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "Refusal";
    this.status = status;
  }
}

/** Rejects with a {@link Refusal} for an answer that is no success, and like `fetch` when there is none. */
export async function get(path: string, signal?: AbortSignal): Promise<Response> {
  return sent(path, { signal: signal ?? null });
}

/** Does something. Resolves with what the gateway says about it. Rejects as {@link get} does. */
export async function act(path: string, body: object = {}): Promise<string> {
  const answer = await sent(path, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "Content-Type": "application/json" },
  });
  const { message } = (await answer.json()) as { readonly message?: string };
  return message ?? "done";
}

async function sent(path: string, init: RequestInit): Promise<Response> {
  const key = readKey();
  const headers = new Headers(init.headers);
  if (key !== undefined) headers.set("Authorization", `Bearer ${key}`);
  const answer = await fetch(path, { ...init, headers, cache: "no-store", credentials: "omit", redirect: "error" });
  if (answer.ok) return answer;
  throw new Refusal(answer.status, await messageIn(answer));
}

async function messageIn(answer: Response): Promise<string> {
  try {
    const { error } = (await answer.json()) as { readonly error?: { readonly message?: string } };
    return error?.message ?? answer.statusText;
  } catch {
    return answer.statusText;
  }
}
