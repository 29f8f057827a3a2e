import { Client } from "undici";
import { parseJson } from "../protocol/untrusted-json.ts";
import type { Probe, ProbeAnswer } from "./engine.ts";

/** A server that is well answers these questions in milliseconds. */
const TIME_LIMIT_MS = 1_500;

/** A long list of models takes some hundred kilobytes. */
const SIZE_LIMIT_BYTES = 1024 * 1024;

/**
 * Asks over HTTP, one connection for each question, closed after it: a probe keeps no socket of the server's, and finds out
 * every time whether the port is open. Follows no redirect, so that the key goes nowhere else.
 */
export class HttpProbe implements Probe {
  readonly #origin: string;
  readonly #basePath: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #timeLimitMs: number;

  /** Paths are put below that of `base`. `apiKey` is sent as a bearer token. */
  constructor(base: URL, apiKey: string | undefined, timeLimitMs: number = TIME_LIMIT_MS) {
    this.#origin = base.origin;
    this.#basePath = base.pathname.replace(/\/+$/, "");
    this.#headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
    this.#timeLimitMs = timeLimitMs;
  }

  get(path: string): Promise<ProbeAnswer | undefined> {
    return this.#ask(path, undefined);
  }

  /** `signal` ends the question early; it is then as if nobody had answered. */
  post(path: string, body: object, signal?: AbortSignal): Promise<ProbeAnswer | undefined> {
    return this.#ask(path, JSON.stringify(body), signal);
  }

  async #ask(path: string, json: string | undefined, ended?: AbortSignal): Promise<ProbeAnswer | undefined> {
    const client = new Client(this.#origin, { connect: { timeout: this.#timeLimitMs } });
    const limit = AbortSignal.timeout(this.#timeLimitMs);
    try {
      const { statusCode, headers, body } = await client.request({
        method: json === undefined ? "GET" : "POST",
        path: this.#basePath + path,
        headers: json === undefined ? this.#headers : { ...this.#headers, "content-type": "application/json" },
        body: json ?? null,
        signal: ended === undefined ? limit : AbortSignal.any([limit, ended]),
        // Says "Connection: close": no server need keep the connection either.
        reset: true,
      });
      const bytes = await beginningOf(body);
      return { status: statusCode, headers: flat(headers), text: bytes.toString("utf8"), json: parseJson(bytes) };
    } catch {
      return undefined;
    } finally {
      await client.destroy();
    }
  }
}

/** All of a short body. A longer one is cut, and then is no JSON. */
async function beginningOf(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > SIZE_LIMIT_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, SIZE_LIMIT_BYTES);
}

function flat(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value = ""]) => [
    name,
    Array.isArray(value) ? value.join(", ") : value,
  ]);
  return Object.fromEntries(entries) as Record<string, string>;
}
