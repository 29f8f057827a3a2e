import { parseJson, objectIn } from "../protocol/untrusted-json.ts";
import type { JsonReader } from "../protocol/json-reader.ts";
import type { Said } from "../protocol/said.ts";
import type { Edit } from "../protocol/splice.ts";
import type { OutgoingRequest, ProbeAnswer } from "./engine.ts";
import { LIMITS, type Resumption } from "./resume.ts";

/**
 * Asks a server something on the way of a request that has its permit: it may be work for the model. `undefined` when nobody
 * answers, or the request has to step aside or has lost its client meanwhile. Never rejects.
 */
export type Ask = (path: string, body: object) => Promise<ProbeAnswer | undefined>;

/** A completion that goes on with an answer. */
export interface RawRun extends Resumption {
  readonly path: string;
}

/** What was found out about a model before the first of its answers is stopped. */
export interface Proof {
  /** The server puts the mark of a beginning before every raw prompt, so the text must not begin with it. */
  readonly marksBeginning: boolean;
}

/** How an engine goes on as raw text: the prompt as the model gets it, and behind it what was said. */
export interface RawResume {
  /** Whether `said` could be gone on with, as far as the request itself tells. Pure. */
  canContinue(request: OutgoingRequest, said: Said): boolean;
  /**
   * Whether the request may only be stopped once {@link RawResume.prove} has succeeded for its model. Never, where there is none.
   * Pure.
   */
  needsProof?(request: OutgoingRequest): boolean;
  prove?(ask: Ask, model: string | undefined): Promise<Proof | undefined>;
  /** What goes on, once the request has its permit back; `undefined` when the server did not help. `sent`: the request as it was. */
  prepare(
    ask: Ask,
    request: OutgoingRequest & { readonly sent: Uint8Array },
    stand: RawStand,
  ): Promise<RawRun | undefined>;
}

/** Where an answer stands that is to be gone on with. */
export interface RawStand {
  readonly said: Said;
  readonly proof: Proof | undefined;
}

/** Makes a completion of a chat: everything else that it asks for stays. */
export function asCompletion(prompt: string, left: number | undefined): readonly Edit[] {
  const limits = LIMITS.filter((name) => name !== "max_tokens").map((name): Edit => ({ remove: name }));
  const limit: Edit[] = left === undefined ? [] : [{ set: "max_tokens", value: Math.max(1, left) }];
  return [{ remove: "messages" }, ...limits, { set: "prompt", value: prompt }, ...limit];
}

/** Whether a conversation is nothing but text. A picture is a mark in the prompt, and the text alone does not bring it back. */
export function isPlainText(body: JsonReader): boolean {
  for (const item of body.items("messages")) {
    const message = body.objectAt(item);
    const kind = message?.kind("content");
    if (kind === "string") continue;
    if (message === undefined || kind !== "list") return false;
    for (const part of message.items("content")) {
      if (message.objectAt(part)?.text("type") !== "text") return false;
    }
  }
  return true;
}

/** Whether a prompt leaves a thought open: what comes is no answer yet. */
export function opensThought(prompt: string): boolean {
  return /<[^<>/]*think[^<>/]*>\s*$/i.test(prompt);
}

/** The tokens of a prompt, as the end of a stream tells them. */
export function promptTokensOf(stream: ProbeAnswer | undefined): number | undefined {
  if (stream?.status !== 200) return undefined;
  const told = stream.text
    .split("\n")
    .filter((line) => line.startsWith("data: {"))
    .map((line) => objectIn(objectIn(parseJson(line.slice("data: ".length)))?.["usage"])?.["prompt_tokens"])
    .findLast((tokens) => typeof tokens === "number");
  return typeof told === "number" ? told : undefined;
}
