import type { FastifyRequest } from "fastify";
import type { GatewayContext } from "../context.ts";
import { callerOf } from "../control/caller.ts";

/** Whose files and batches a request is about: the key's name, "" for everybody where there are no keys. Throws as {@link callerOf}. */
export function tenantOf(gateway: Pick<GatewayContext, "keys">, request: FastifyRequest): string {
  const { client } = callerOf(gateway, request);
  return gateway.keys.required ? client : "";
}
