import type { Ask } from "../ask.ts";
import type { BadJson, Call, Outgoing, Refusal, ServerView, Task } from "../call.ts";
import type { Notice } from "../hang-up.ts";
import type { SimulatedEngine } from "../options.ts";
import type { CacheHabit } from "../prompt-cache.ts";
import type { Headers } from "../reply.ts";
import type { Timing } from "../run.ts";
import type { Phase, ServedRequest } from "../served.ts";

/** A method and a path, and what happens there. A path that ends in `*` stands for all that begin so. */
export interface Route {
  readonly method: string;
  readonly path: string;
  /** The body is counted, not kept. */
  readonly upload?: boolean;
  /** @throws {Refusal} */
  handle(call: Call): Outgoing | Task;
}

/** Something that is written while nothing else is. */
export interface Heartbeat {
  readonly everyMs: number;
  readonly frame: string;
  /** The first one comes with the headers. */
  readonly atOnce: boolean;
}

/** Everything in which one engine differs from another. */
export interface Manners {
  readonly engine: SimulatedEngine;
  /** A name that such an engine would give its model. */
  readonly model: string;
  /** Of every answer. */
  readonly headers: Headers;
  /** HTTP/1.0, ended by closing the connection. */
  readonly closes: boolean;
  /** When the headers of a stream go out: on arrival, with the slot, or with the first token. */
  readonly streamHead: "arrival" | "slot" | "token";
  /** When those of a whole answer go out; on arrival means that errors come inside a 200. */
  readonly wholeHead: "arrival" | "end";
  readonly cache: CacheHabit;
  readonly batchTokens: number;
  readonly timing: Timing;
  /** What every answer of the model begins with. */
  readonly label: string;
  /** Default of `AnswerOptions.toolCalls`. */
  readonly toolCalls: "offered" | "required";
  readonly routes: readonly Route[];

  /** Turns a request away by its head alone, its body unread. */
  screenHead(request: ServedRequest): Outgoing | undefined;
  /** Turns a call away before its route is looked up. May throw a {@link Refusal}. */
  screen(call: Call): Outgoing | undefined;
  /** Turns work away that it has no slot for, where others let it wait. */
  admit(server: ServerView): Refusal | undefined;
  /** For a path without a route. */
  unknown(call: Call): Outgoing;
  /** Gives a refusal the engine's form; undefined closes the connection without a word. */
  refuse(refusal: Refusal | BadJson, call: Call): Outgoing | undefined;
  /** How it notices that the client of a request in this phase is gone. Without an `ask` it generates nothing. */
  notice(phase: Phase, request: ServedRequest, ask: Ask | undefined): Notice;
  /** A stream that is aborted in its slot keeps it for ever. */
  leaks(server: ServerView): boolean;
  heartbeat(ask: Ask, server: ServerView): Heartbeat | undefined;
  /** Frames, or the end of a body, that tell of a failure inside a 200; undefined closes the connection without a word. */
  broken(ask: Ask, message: string): string | undefined;
}
