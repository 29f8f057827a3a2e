import type { Edit } from "../protocol/splice.ts";
import type { Outgoing, OutgoingRequest } from "./engine.ts";

/** A request that goes on as it came, but for the body's `priority`. */
export function asReceived(request: Pick<OutgoingRequest, "body">): Outgoing {
  return { edits: withoutPriority(request), dropHeaders: [], forceStream: false, hide: [] };
}

/**
 * Takes `priority` out of the body. It is never passed on blindly: the same number means "sooner" to one engine and "later" to the
 * next, vLLM refuses any but 0 unless it was started for it (its protocol.py says so of the field), and a key's ceiling does not
 * reach into the body.
 */
export function withoutPriority({ body }: Pick<OutgoingRequest, "body">): readonly Edit[] {
  return body?.kind("priority") === undefined ? [] : [{ remove: "priority" }];
}
