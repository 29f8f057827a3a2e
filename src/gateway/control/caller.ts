import type { FastifyRequest } from "fastify";
import type { GatewayContext } from "../context.ts";
import type { Identity } from "../keys.ts";
import { Refused } from "../refused.ts";

/**
 * Who calls one of Headgate's own routes.
 *
 * @throws {Refused} 401 without a valid key where keys are needed.
 */
export function callerOf({ keys }: Pick<GatewayContext, "keys">, request: FastifyRequest): Identity {
  const identity = keys.identify(request.headers);
  if (identity !== undefined) return identity;
  const message = "a valid key is needed: send it as Authorization: Bearer KEY, or as x-api-key";
  throw new Refused("refused", { status: 401, code: "invalid_api_key", message });
}
