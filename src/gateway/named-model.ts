import { topLevelFields, type JsonFields } from "../protocol/json-fields.ts";
import { JsonReader } from "../protocol/json-reader.ts";
import { splitModelAlias } from "../protocol/model-alias.ts";
import { splice } from "../protocol/splice.ts";
import { chooseUpstream, type Chosen } from "./choose-upstream.ts";
import type { GatewayContext } from "./context.ts";
import { readBody } from "./read-body.ts";
import type { Visit } from "./visit.ts";

/** A question about a model, with the server to ask and the name that it knows the model by. */
export interface Asked extends Chosen {
  /** The body as it goes to that server, if it was read. */
  readonly body?: Uint8Array;
}

/**
 * Routes that tell something about a model, and do nothing with it: their bodies may be read and the name in them put right. Those
 * that pull, copy or delete a model must get the very name that was written.
 */
const TELLING: ReadonlySet<string> = new Set([
  "/api/show",
  "/tokenize",
  "/detokenize",
  "/apply-template",
  "/v1/messages/count_tokens",
  "/v1/chat/completions/input_tokens",
  "/v1/responses/input_tokens",
]);

/** Longer ones pass unread. */
const MAX_TELLING_BYTES = 1024 * 1024;

/**
 * The server for a question about `asked`: the one that has that model, else the first that is up.
 *
 * @throws {Refused} 503 when it is down.
 */
export function serverOf({ upstreams }: Pick<GatewayContext, "upstreams">, asked: string | undefined): Chosen {
  if (asked === undefined) return chooseUpstream({ upstreams }, undefined);
  const plain = upstreams.serves(asked) ? asked : splitModelAlias(asked).model;
  if (upstreams.serves(plain)) return chooseUpstream({ upstreams }, plain);
  // Nobody lists it; the server may know it all the same, as Ollama knows a name without its tag.
  return { upstream: chooseUpstream({ upstreams }, undefined).upstream, model: plain };
}

/** The server for a request that is no work, by the model that its query or its body names. */
export async function serverFor(gateway: GatewayContext, visit: Visit): Promise<Asked> {
  const { request, path, query } = visit;
  if (!isTelling(visit)) return serverOf(gateway, new URLSearchParams(query).get("model") ?? undefined);
  const body = await readBody(request, MAX_TELLING_BYTES, gateway.clock);
  const fields = fieldsOf(body);
  const reader = fields && new JsonReader(fields);
  // Ollama's older clients call it "name".
  const member = path === "/api/show" && reader?.text("model") === undefined ? "name" : "model";
  const asked = reader?.text(member);
  const chosen = serverOf(gateway, asked);
  if (asked === undefined || chosen.model === undefined || chosen.model === asked) return { ...chosen, body };
  return { ...chosen, body: splice(body, [{ set: member, value: chosen.model }], fields) };
}

function isTelling({ request: { method, headers }, path }: Visit): boolean {
  if (method !== "POST" || !TELLING.has(path)) return false;
  const { "content-length": length, "content-encoding": encoding = "identity" } = headers;
  return encoding === "identity" && length !== undefined && Number(length) <= MAX_TELLING_BYTES;
}

/** Bad JSON is for the server to refuse. */
function fieldsOf(body: Uint8Array): JsonFields | undefined {
  try {
    return topLevelFields(body);
  } catch {
    return undefined;
  }
}
