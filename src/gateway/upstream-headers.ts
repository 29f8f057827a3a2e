import { requestHeaders } from "../protocol/headers.ts";
import type { GatewayContext } from "./context.ts";
import type { Upstream } from "./upstream.ts";
import type { Visit } from "./visit.ts";

/** Carries the instances that a request came through, so that a gateway in front of itself is noticed. */
export const HOP_HEADER = "X-Headgate-Hop";

/** Keys are Headgate's own business where it has keys, and the model server's where it has none. */
const CREDENTIALS = new Set(["authorization", "x-api-key", "api-key"]);

/** The head of a request as it goes to the model server: name, value, name, value. */
export function headersFor(
  gateway: GatewayContext,
  visit: Visit,
  upstream: Upstream,
  { dropHeaders = [], contentLength }: { dropHeaders?: readonly string[]; contentLength?: number | undefined },
): string[] {
  const hideKeys = gateway.config.keys.length > 0 || upstream.apiKey !== undefined;
  const dropped = new Set(dropHeaders);
  const kept = requestHeaders(
    visit.request.rawHeaders,
    (name) => dropped.has(name) || (hideKeys && CREDENTIALS.has(name)),
  );
  kept.push("Host", upstream.url.host, HOP_HEADER, hopsOf(visit, gateway.instance));
  if (contentLength !== undefined) kept.push("Content-Length", String(contentLength));
  if (upstream.apiKey !== undefined) kept.push("Authorization", `Bearer ${upstream.apiKey}`);
  return kept;
}

function hopsOf(visit: Visit, instance: string): string {
  const before = visit.request.headers[HOP_HEADER.toLowerCase()];
  return before === undefined ? instance : `${before.toString()}, ${instance}`;
}
