import { objectIn } from "../protocol/untrusted-json.ts";
import { BatchError, invalidValue } from "./batch-error.ts";
import { expirySeconds } from "./expiry-wish.ts";

/** Where the lines of a batch may go. */
const ENDPOINTS = ["/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/responses"] as const;

const FIELDS = new Set(["input_file_id", "endpoint", "completion_window", "metadata", "output_expires_after"]);

const MAX_PAIRS = 16;
const MAX_KEY = 64;
const MAX_VALUE = 512;

const UNIT_SECONDS: Readonly<Record<string, number>> = { m: 60, h: 3_600, d: 86_400 };
const MAX_WINDOW_SECONDS = 30 * 86_400;

/** The body of `POST /v1/batches`, checked. */
export interface BatchWish {
  readonly inputFileId: string;
  readonly endpoint: string;
  readonly completionWindow: string;
  readonly windowSeconds: number;
  readonly metadata: Readonly<Record<string, string>> | null;
  readonly outputExpiresAfter: number | null;
}

/** @throws {BatchError} 400 that names the field. */
export function batchWish(body: unknown): BatchWish {
  const wish = objectIn(body);
  if (wish === undefined) throw new BatchError(400, "invalid_request", "the body must be a JSON object");
  const unknown = Object.keys(wish).find((name) => !FIELDS.has(name));
  if (unknown !== undefined) {
    throw new BatchError(400, "unknown_parameter", `Unknown parameter: '${unknown.slice(0, 100)}'.`, unknown);
  }
  const { input_file_id: inputFileId, endpoint, completion_window: window } = wish;
  if (typeof inputFileId !== "string" || inputFileId === "") {
    throw invalidValue("input_file_id", inputFileId, "the id of a file that was uploaded with purpose batch");
  }
  if (!(ENDPOINTS as readonly unknown[]).includes(endpoint)) {
    throw invalidValue("endpoint", endpoint, `one of ${ENDPOINTS.join(", ")}`);
  }
  return {
    inputFileId,
    endpoint: endpoint as string,
    completionWindow: window as string,
    windowSeconds: windowSeconds(window),
    metadata: metadataIn(wish["metadata"]),
    outputExpiresAfter: expirySeconds("output_expires_after", wish["output_expires_after"]) ?? null,
  };
}

/** OpenAI knows `24h` alone. */
function windowSeconds(window: unknown): number {
  const [, count, unit] = (typeof window === "string" && /^(\d{1,5})([mhd])$/.exec(window)) || [];
  const seconds = Number(count) * (UNIT_SECONDS[unit ?? ""] ?? Number.NaN);
  if (seconds > 0 && seconds <= MAX_WINDOW_SECONDS) return seconds;
  throw invalidValue("completion_window", window, "24h, or another time such as 30m, 6h or 7d, at most 30d");
}

function metadataIn(value: unknown): Readonly<Record<string, string>> | null {
  if (value === undefined || value === null) return null;
  const metadata = objectIn(value);
  const pairs = Object.entries(metadata ?? {});
  const fits = ([key, text]: readonly [string, unknown]): boolean =>
    key.length <= MAX_KEY && typeof text === "string" && text.length <= MAX_VALUE;
  if (metadata !== undefined && pairs.length <= MAX_PAIRS && pairs.every(fits)) {
    return metadata as Readonly<Record<string, string>>;
  }
  const form = `at most ${MAX_PAIRS} pairs of a name (${MAX_KEY} characters) and a text (${MAX_VALUE} characters)`;
  throw invalidValue("metadata", value, form);
}
