import { isGateError, type GateError } from "../gate/index.ts";
import { JsonSyntaxError } from "../protocol/json-fields.ts";
import { UpstreamFailure } from "../relay/upstream-failure.ts";
import { BodyStalled, BodyTooLarge } from "./read-body.ts";
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
  if (thrown instanceof BodyStalled) return badRequest(408, thrown.code, thrown.message);
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

/** The gate's own message is for who wrote the program; here somebody sent a request, and can do other things about it. */
function gateRefusal(thrown: GateError, retryAfterSeconds: number): Refusal {
  const { code, waiting } = thrown;
  const refusal = (status: number, message: string, wireCode: string = code): Refusal => ({
    outcome: code,
    error: { status, code: wireCode, message, retryAfterSeconds },
  });
  switch (code) {
    case "queue_full":
      return refusal(429, `${waiting} requests wait already, as many as queue.maxWaiting allows; retry later`);
    case "displaced":
      return refusal(429, "the queue is full, and a sooner request took this one's place; retry later", "queue_full");
    case "queue_timeout":
      return refusal(429, timeoutMessage(thrown));
    case "draining":
    case "closed":
      return refusal(
        503,
        "the gateway takes no new requests at the moment, it is being shut down; retry soon",
        "draining",
      );
    case "cancelled":
      return refusal(503, "the request was cancelled while it waited, by whoever runs this gateway");
    case "preempted":
    case "permit_released":
      return refusal(503, thrown.message);
  }
}

function timeoutMessage({ waitedMs, waiting }: GateError): string {
  const seconds = (waitedMs / 1000).toFixed(waitedMs < 10_000 ? 1 : 0);
  return (
    `the request waited ${seconds} s for the model server, as long as it may, and ${waiting} others wait; retry later, or allow ` +
    "more time (X-Headgate-Max-Wait, the client's own time-out, or maxWaitMs of queue or key); what runs inside a held permit " +
    "is sent below /permit/ID, or it waits for itself"
  );
}

function upstreamRefusal({ code, message }: UpstreamFailure, retryAfterSeconds: number): Refusal {
  if (code === "upstream_unreachable") {
    return { outcome: code, error: { status: 503, code, message: `${message}; is it running?`, retryAfterSeconds } };
  }
  return { outcome: code, error: { status: code === "upstream_timeout" ? 504 : 502, code, message } };
}
