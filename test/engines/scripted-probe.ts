import type { Probe, ProbeAnswer } from "../../src/engines/engine.ts";

/** A text, or a value that is sent as JSON. */
type Body = string | object;

/** An answer with a status of its own; all others are good. */
export class Reply {
  readonly status: number;
  readonly body: Body;

  constructor(status: number, body: Body) {
    this.status = status;
    this.body = body;
  }
}

export interface Script {
  /** The `Server` header of every answer. */
  readonly server?: string;
  /** By path. */
  readonly answers: Readonly<Record<string, Body | Reply>>;
  /** What every other path gets; nothing at all if missing. */
  readonly others?: (path: string) => Body | Reply;
}

/** Answers as a script says, and notes what it was asked. */
export class ScriptedProbe implements Probe {
  readonly asked: string[] = [];
  readonly #script: Script;

  constructor(script: Script) {
    this.#script = script;
  }

  post(path: string): Promise<ProbeAnswer | undefined> {
    return this.get(path);
  }

  get(path: string): Promise<ProbeAnswer | undefined> {
    this.asked.push(path);
    const { answers, others, server } = this.#script;
    const scripted = answers[path] ?? others?.(path);
    if (scripted === undefined) return Promise.resolve(undefined);
    const { status, body } = scripted instanceof Reply ? scripted : new Reply(200, scripted);
    const headers: Record<string, string> = server === undefined ? {} : { server };
    const text = typeof body === "string" ? body : JSON.stringify(body);
    return Promise.resolve({ status, headers, text, json: jsonOf(text) });
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** An OpenAI-style list of models. */
export function modelList(owner: string | undefined, ...ids: readonly string[]): object {
  const owned = owner === undefined ? {} : { owned_by: owner };
  return { object: "list", data: ids.map((id) => ({ id, object: "model", created: 1_757_000_000, ...owned })) };
}
