import type { FastifyInstance, FastifyRequest } from "fastify";
import type { GatewayContext } from "../context.ts";
import type { Identity } from "../keys.ts";
import { Refused } from "../refused.ts";
import { callerOf } from "./caller.ts";

/** What an operator has to say fits into a line. */
const MAX_BODY_BYTES = 16 * 1024;

/**
 * Who may change how the gateway works: an admin, which without keys is everybody who reaches it.
 *
 * @throws {Refused} 401 without a valid key where keys are needed, 403 for a key of another role.
 */
export function operatorOf(gateway: Pick<GatewayContext, "keys">, request: FastifyRequest): Identity {
  const identity = callerOf(gateway, request);
  if (identity.role === "admin") return identity;
  const message = `key "${identity.client}" may look but not act; use a key with "role: admin"`;
  throw new Refused("refused", { status: 403, code: "admin_required", message });
}

/**
 * Takes bodies of JSON that say so, or none, as a second lock beside the check of origins: a web page may send a form or plain text
 * to any address without asking first, but for JSON its browser asks, and is refused (fetch.spec.whatwg.org, "CORS-safelisted request-header").
 */
export function takeOnlyJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    "application/json",
    { parseAs: "string", bodyLimit: MAX_BODY_BYTES },
    (_request, text, done) => {
      try {
        done(null, text === "" ? undefined : JSON.parse(text as string));
      } catch (error) {
        const message = `the body is not JSON: ${(error as Error).message}`;
        done(new Refused("refused", { status: 400, code: "invalid_json", message }));
      }
    },
  );
  app.addContentTypeParser("*", (request, _payload, done) => {
    const got = request.headers["content-type"] ?? "none";
    const message = `the body must be JSON and say so, with Content-Type: application/json; got ${got}`;
    done(new Refused("refused", { status: 415, code: "unsupported_media_type", message }));
  });
}
