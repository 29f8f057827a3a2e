import { CONTINUABLE } from "../protocol/said.ts";
import { asReceived } from "./as-received.ts";
import type { Outgoing, OutgoingRequest } from "./engine.ts";

/**
 * A request that may step aside is asked to tell its usage with every piece (vLLM and SGLang, protocol.py, `continuous_usage_stats`):
 * only so is it known how many of its tokens are left. Everything else stays as `received` has it.
 */
export function withRunningUsage(request: OutgoingRequest, received: Outgoing = asReceived(request)): Outgoing {
  const { route, facts, parkable } = request;
  if (!parkable || !facts.stream || !CONTINUABLE.has(route.dialect)) return received;
  return {
    ...received,
    edits: [
      ...received.edits,
      { set: ["stream_options", "include_usage"], value: true },
      { set: ["stream_options", "continuous_usage_stats"], value: true },
    ],
    hide: [facts.includeUsage ? "running-usage" : "usage"],
  };
}
