import type { Hidden } from "../protocol/hide.ts";
import type { JsonReader } from "../protocol/json-reader.ts";
import type { RequestFacts } from "../protocol/request-facts.ts";
import type { Route } from "../protocol/route.ts";
import type { Edit } from "../protocol/splice.ts";
import type { WholeForm } from "../protocol/whole-form.ts";
import type { Cancelling } from "./cancel.ts";
import type { ChatTemplate } from "./chat-template.ts";
import type { RawResume } from "./raw-resume.ts";
import type { Resume } from "./resume.ts";
import type { EngineName, Health, StepAside } from "./engine-words.ts";

/** Asks a server small questions. Every answer is bounded in time and size. */
export interface Probe {
  /** `undefined` when nobody answers: refused, timed out, reset. Never rejects. */
  get(path: string): Promise<ProbeAnswer | undefined>;
  /** The same with a JSON body. Only for questions that make no work for the model. */
  post(path: string, body: object): Promise<ProbeAnswer | undefined>;
}

export interface ProbeAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The body parsed, or `undefined` if it is no JSON. */
  readonly json: unknown;
}

/** How many requests a server works on at once, and who says so. */
export interface Capacity {
  readonly slots: number;
  /** For the start-up banner: "/props total_slots". */
  readonly source: string;
}

/** Which of an engine's ways to continue an answer lead where its model would have gone anyway. */
export interface WaysOn {
  /** {@link Engine.resume} */
  readonly chat: boolean;
  /** {@link Engine.rawResume} */
  readonly raw: boolean;
}

/** What the owner of a server allows, or helps with, beyond what is right for every server of its kind. */
export interface OptIn {
  /** That of the model it runs. */
  readonly chatTemplate: ChatTemplate | undefined;
  /** Its streams are stopped too, although that may cost it a slot. */
  readonly stopStreams: boolean;
}

/** A request that is on its way to an engine. */
export interface OutgoingRequest {
  readonly route: Route;
  readonly facts: RequestFacts;
  /** The members of its body, for what only one engine knows. None where the route's body is not read: it cannot be edited either. */
  readonly body: JsonReader | undefined;
  /** What Headgate runs it with: a key's ceiling is in it already. */
  readonly priority: number;
  /** Whether it may have to step aside: then the engine is asked to count its tokens as it goes. */
  readonly parkable: boolean;
  /** Of the server's whole answers to requests like this, if one was seen. */
  readonly form?: WholeForm | undefined;
}

/** What a request must look like for one engine. The relay applies it; everything not named here stays as received. */
export interface Outgoing {
  readonly edits: readonly Edit[];
  /** Lower-case names of headers that must not reach this engine. */
  readonly dropHeaders: readonly string[];
  /** The upstream streams although the client did not ask, so that an abort is noticed; the relay aggregates. */
  readonly forceStream: boolean;
  /** What was asked for Headgate itself and must not reach the client. */
  readonly hide: readonly Hidden[];
  /** What the aggregate of a forced stream is to be like, where a stream does not tell. */
  readonly form?: WholeForm | undefined;
}

/** One kind of model server: how to know it, what it can do, and what its requests need. Stateless. */
export interface Engine {
  readonly name: EngineName;
  /** As people call it: "llama.cpp llama-server". */
  readonly title: string;
  readonly usualPorts: readonly number[];
  /** Whether the server behind `probe` is of this kind. */
  identify(probe: Probe): Promise<boolean>;
  /** The same kind as this server was started, where its flags change what it takes. Asked once, after {@link identify}. */
  tuned?(probe: Probe): Promise<Engine>;
  /** `undefined` when the server does not tell: then configured, else 1. */
  capacity(probe: Probe): Promise<Capacity | undefined>;
  health(probe: Probe): Promise<Health>;
  /** How many requests it works on or lets wait, whoever sent them; `undefined` when it does not tell. */
  load?(probe: Probe): Promise<number | undefined>;
  /** Its load is only to be asked for while it has work of ours: else the question disturbs it, or the answer is stale. */
  readonly loadOnlyBesideWork?: true;
  /** The names it serves; `undefined` when it does not tell. */
  models(probe: Probe): Promise<readonly string[] | undefined>;
  /**
   * What it must have in memory for a request that names `model`, for a server that changes models on demand: requests of which this is
   * equal follow each other without a change. Pure.
   */
  loadedFor?(model: string, request: OutgoingRequest): string;
  /** It fetches and loads whatever model a request names; so a name it does not list must not reach it by mistake. */
  readonly loadsAnyModel?: true;
  readonly stepAside: StepAside;
  /** Honest limits and advice, a sentence each. */
  readonly notes: readonly string[];
  /** Whether closing the connection of a running request is safe, and stops the work. If not, its answer is read to the end. */
  mayAbort(exchange: { readonly streaming: boolean }): boolean;
  /** What must change in a request on its way to this engine. Pure. */
  outgoing(request: OutgoingRequest): Outgoing;
  /** Its whole answers have members that its streams leave out: what they are is learnt from the first of them. */
  readonly learnsForm?: true;
  /** Only where closing the connection is noticed late. */
  readonly cancelling?: Cancelling;
  /**
   * Whether an answer says that the server still works on another request, and takes this one later: one that refuses rather than
   * queues does so while it has yet to notice an abort.
   */
  isBusy?(status: number, body: Uint8Array): boolean;
  /** How a request that stepped aside goes on; without it, it starts over or is not asked to. Pure. */
  readonly resume?: Resume;
  /** How it goes on as raw text, where it does not continue a chat by itself. */
  readonly rawResume?: RawResume;
  /** Whether the template of the model it runs lets an answer be continued so; asked once while it is up. Both, where it is not asked. */
  waysOn?(probe: Probe): Promise<WaysOn>;
  /** The most tokens that a prompt and its answer may have together; `undefined` when it does not tell. */
  contextTokens?(probe: Probe): Promise<number | undefined>;
  /** The same kind, used as its owner wants it. */
  optIn?(wish: OptIn): Engine;
}
