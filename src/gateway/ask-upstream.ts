import { parseObject, type JsonObject } from "../protocol/untrusted-json.ts";
import type { GatewayContext } from "./context.ts";
import type { Upstream } from "./upstream.ts";
import { headersFor } from "./upstream-headers.ts";
import type { Visit } from "./visit.ts";

const MAX_BYTES = 8 * 1024 * 1024;
const TIME_LIMIT_MS = 5_000;

/** What `upstream` answers to the question of `visit`, which is a GET; `undefined` unless it is a good one. Never rejects. */
export async function askUpstream(
  gateway: GatewayContext,
  visit: Visit,
  upstream: Upstream,
): Promise<JsonObject | undefined> {
  try {
    const answer = await upstream.pool.request({
      method: "GET",
      path: upstream.basePath + visit.path + visit.query,
      headers: headersFor(gateway, visit, upstream, { dropHeaders: ["accept-encoding"] }),
      headersTimeout: TIME_LIMIT_MS,
      bodyTimeout: TIME_LIMIT_MS,
    });
    const body = await answer.body.bytes();
    return answer.statusCode === 200 && body.length <= MAX_BYTES ? parseObject(body) : undefined;
  } catch {
    return undefined;
  }
}

/** Answers with an object of Headgate's own making. */
export function answerJson({ response }: Visit, value: object): void {
  const body = Buffer.from(JSON.stringify(value));
  const rawHeaders = ["Content-Type", "application/json"];
  response.head({ status: 200, statusText: "OK", rawHeaders, contentLength: body.length });
  response.write(body);
  response.end();
}
