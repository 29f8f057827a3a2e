import type { Answer, Piece } from "./answer.ts";
import type { Ask, Prompt } from "./ask.ts";
import { recordOf, type Json } from "./fields.ts";
import type { ResolvedOptions } from "./options.ts";
import type { Headers } from "./reply.ts";
import type { Served, ServedRequest } from "./served.ts";
import type { Slots } from "./slots.ts";

/** A request that a route answers. */
export interface Call {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly served: Served;
  readonly server: ServerView;
  /** @throws {BadJson} */
  json(): Json;
}

/** What routes see of the server, and the little they may do to it. */
export interface ServerView {
  readonly options: ResolvedOptions;
  /** Names of its models, at least one. */
  readonly models: readonly string[];
  readonly slots: Slots;
  readonly loading: boolean;
  /** What the loaded model is bound to; undefined before the first load. */
  readonly modelKey: string | undefined;
  /** Loads a model at once, or unloads it. */
  load(modelKey: string | undefined): void;
  /** Requests that hold a slot. */
  readonly running: readonly ServedRequest[];
  /** Cancels every request that fits, as by the engine's own route; returns how many. */
  cancel(which: (request: ServedRequest, name: string | undefined) => boolean): number;
  /** Counts as a result of the engine's, for whoever waits for the next one. */
  hadResult(): void;
}

/** An answer that needs no slot. */
export interface Outgoing {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Headers;
  /** Text, bytes, or a value that is sent as JSON. */
  readonly body: unknown;
}

/** How far the reading of a prompt has come. */
export interface Progress {
  readonly total: number;
  readonly cached: number;
  /** With the cached ones. */
  readonly processed: number;
  readonly timeMs: number;
}

/** The frames, or the body, of one answer in its dialect. */
export interface Wire {
  readonly contentType: string;
  /** Frames between the batches of a prompt. */
  progress?(progress: Progress): string;
  /** Frames before the first piece. */
  opening(): string;
  /** The frames of one piece; "" if it shows nothing. */
  piece(piece: Piece): string;
  /** Frames after the last one. */
  closing(): string;
  /** The whole answer, for a client that does not stream. */
  whole(): unknown;
}

/** Work of the model's that is written token by token. */
export interface GenerateTask {
  readonly kind: "generate";
  readonly ask: Ask;
  /** One for each text to continue. */
  readonly prompts: readonly Prompt[];
  /** The name that the answer bears. */
  readonly model: string;
  wire(answer: Answer): Wire;
  /** Smaller goes first, of engines that know priorities. */
  readonly order: number;
  /** What the engine's own cancel route knows the request by. */
  readonly name: string | undefined;
  /** What the model must be bound to; another one is loaded first. */
  readonly modelKey: string | undefined;
}

/** Work of the model's that has one answer at its end: embeddings, a ranking. */
export interface ComputeTask {
  readonly kind: "compute";
  readonly tokens: number;
  answer(): Outgoing;
}

export type Task = GenerateTask | ComputeTask;

/** A refusal in words; the engine's manners give it its form. */
export class Refusal extends Error {
  readonly status: number;
  readonly type: string | undefined;
  /** More members for the error, or for the body, as the engine likes. */
  readonly extra: Json;

  constructor(
    status: number,
    message: string,
    { type, extra = {} }: { readonly type?: string; readonly extra?: Json } = {},
  ) {
    super(message);
    this.name = "Refusal";
    this.status = status;
    this.type = type;
    this.extra = extra;
  }
}

/** A body that is no JSON object. */
export class BadJson extends Refusal {
  constructor(message: string) {
    super(400, message, { type: "invalid_request_error" });
    this.name = "BadJson";
  }
}

/** @throws {BadJson} */
export function parseBody(body: Buffer): Json {
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch (error) {
    throw new BadJson((error as Error).message);
  }
  const record = recordOf(value);
  if (record === undefined) throw new BadJson("the body is not a JSON object");
  return record;
}
