import { request as requestHttp, type ClientRequest, type IncomingMessage } from "node:http";
import { request as requestHttps } from "node:https";
import { errorFrom, GatewayError, type ToldError } from "./gateway-error.ts";
import type { GatewayAddress } from "./gateway-address.ts";
import type { GateError, GateStage } from "../gate/index.ts";

/** No answer that is read as a whole is larger than this. */
const MAX_ANSWER_CHARS = 64 * 1024;

/**
 * Sends JSON on a connection of its own, which ends with the answer: a connection taken from a pool may be closing just then, and
 * of a call for a permit nobody could say whether it arrived.
 */
export function post({ url, key }: GatewayAddress, path: string, body: object): ClientRequest {
  const target = new URL(url + path);
  const send = target.protocol === "https:" ? requestHttps : requestHttp;
  const text = JSON.stringify(body);
  const call = send(target, {
    method: "POST",
    agent: false,
    headers: {
      "Content-Type": "application/json",
      "Content-Length": Buffer.byteLength(text),
      ...(key !== undefined && { Authorization: `Bearer ${key}` }),
    },
  });
  call.setNoDelay(true);
  call.end(text);
  return call;
}

/** The whole of a JSON answer; what is none, or too long, is `undefined`. */
export async function readJson(answer: IncomingMessage): Promise<unknown> {
  answer.setEncoding("utf8");
  let text = "";
  for await (const chunk of answer) {
    text += chunk as string;
    if (text.length > MAX_ANSWER_CHARS) return undefined;
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What an answer that is no success says; of somebody who does not speak like a gateway, that it is none. */
export async function refusalIn(
  answer: IncomingMessage,
  url: string,
  stage: GateStage,
): Promise<GateError | GatewayError> {
  const status = answer.statusCode ?? 0;
  const body = (await readJson(answer)) as { readonly error?: ToldError } | null | undefined;
  const told = body?.error;
  if (typeof told === "object" && typeof told.code === "string") return errorFrom(told, stage, status);
  const message = `what answers at ${url} (status ${status}) is no Headgate gateway; correct the address`;
  return new GatewayError("gateway_unreachable", message, { status });
}

export function unreachable(url: string, cause: unknown): GatewayError {
  const why = cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code : String(cause);
  const message = `no gateway answers at ${url} (${why}); start one with \`headgate serve\`, or correct the address`;
  return new GatewayError("gateway_unreachable", message, { cause });
}
