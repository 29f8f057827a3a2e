import { isGateError, type GateError } from "../gate/index.ts";
import { JsonSyntaxError } from "../protocol/json-fields.ts";
import { UpstreamFailure } from "../relay/upstream-failure.ts";
import { BodyTooLarge } from "./read-body.ts";
import { Refused, type Refusal } from "./refused.ts";

/**
 * What a client is told of something that went wrong: one table for all. The text of unforeseen errors stays inside, because it
 * may name hosts and files.
 *
 * @param retryAfterSeconds - from measured service times, for what will be better later.
 */
export function refusalOf(thrown: unknown, retryAfterSeconds: number): Refusal {
  if (thrown instanceof Refused) return thrown;
  if (isGateError(thrown)) return gateRefusal(thrown, retryAfterSeconds);
  if (thrown instanceof UpstreamFailure) return upstreamRefusal(thrown, retryAfterSeconds);
  if (thrown instanceof BodyTooLarge) return badRequest(413, thrown.code, thrown.message);
  if (thrown instanceof JsonSyntaxError) return badRequest(400, thrown.code, thrown.message);
  const message = "Headgate failed on this request; its log has the details under this request id";
  return { outcome: "internal_error", error: { status: 500, code: "internal_error", message } };
}

export function badRequest(status: number, code: string, message: string, param?: string): Refusal {
  return {
    outcome: "refused",
    error: param === undefined ? { status, code, message } : { status, code, message, param },
  };
}

function gateRefusal({ code, message }: GateError, retryAfterSeconds: number): Refusal {
  switch (code) {
    case "queue_full":
    case "displaced":
      return { outcome: code, error: { status: 429, code: "queue_full", message, retryAfterSeconds } };
    case "queue_timeout":
      return { outcome: code, error: { status: 429, code, message, retryAfterSeconds } };
    case "draining":
    case "closed":
      return { outcome: code, error: { status: 503, code: "draining", message, retryAfterSeconds } };
    case "cancelled":
    case "preempted":
    case "permit_released":
      return { outcome: code, error: { status: 503, code, message, retryAfterSeconds } };
  }
}

function upstreamRefusal({ code, message }: UpstreamFailure, retryAfterSeconds: number): Refusal {
  if (code === "upstream_unreachable") {
    return { outcome: code, error: { status: 503, code, message: `${message}; is it running?`, retryAfterSeconds } };
  }
  return { outcome: code, error: { status: code === "upstream_timeout" ? 504 : 502, code, message } };
}
