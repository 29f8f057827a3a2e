import type { FastifyError, FastifyInstance, FastifyReply } from "fastify";
import type { Logger } from "pino";
import { isGateError } from "../../gate/index.ts";
import { errorBody, type WireError } from "../../protocol/error-envelope.ts";
import { batchRefusal } from "../batches/batch-refusal.ts";
import { ClientGone } from "../client-gone.ts";
import { Refused, type Refusal } from "../refused.ts";
import { badRequest, refusalOf } from "../wire-errors.ts";

/** When no gate was asked there is no measured time to tell. */
const RETRY_SECONDS = 1;

/** Refusals that the OpenAI SDKs would repeat at once unless they are told not to. */
const FINAL = new Set([409, 500, 507]);

/** Gives every error of Headgate's own routes the form that OpenAI's clients read, and hides what only the log should know. */
export function answerErrors(app: FastifyInstance, log: Logger): void {
  app.setErrorHandler((thrown: FastifyError, request, reply) => {
    const refusal = refusalOfRoute(batchRefusal(thrown) as FastifyError);
    if (refusal.outcome === "internal_error") log.error({ err: thrown, url: request.url }, "control request failed");
    return answerError(reply, refusal.error);
  });
  app.setNotFoundHandler((request, reply) => {
    const message = `Headgate has no route ${request.method} ${request.url.split("?", 1)[0]}`;
    return answerError(reply, { status: 404, code: "not_found", message });
  });
}

function refusalOfRoute(thrown: FastifyError): Refusal {
  if (thrown instanceof Refused || isGateError(thrown)) return refusalOf(thrown, RETRY_SECONDS);
  // Nobody reads the answer.
  if (thrown instanceof ClientGone) return badRequest(499, thrown.code, thrown.message);
  const { statusCode = 500, code, message } = thrown;
  if (statusCode === 413) return badRequest(413, "body_too_large", message);
  return statusCode < 500
    ? badRequest(statusCode, code || "invalid_request", message)
    : refusalOf(thrown, RETRY_SECONDS);
}

function answerError(reply: FastifyReply, error: WireError): FastifyReply {
  const { status, code, retryAfterSeconds } = error;
  if (retryAfterSeconds !== undefined) reply.header("Retry-After", retryAfterSeconds).header("x-should-retry", "true");
  else if (FINAL.has(status)) reply.header("x-should-retry", "false");
  return reply.code(status).header("X-Headgate-Reason", code).type("application/json").send(errorBody("openai", error));
}
