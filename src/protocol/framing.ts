import type { FrameDecoder } from "./frame.ts";
import { NdjsonDecoder } from "./ndjson.ts";
import type { DialectName } from "./route.ts";
import { SseDecoder } from "./sse.ts";

/** What cuts a dialect's streams into frames: lines of JSON for Ollama's own dialects, event streams for all others. */
export function frameDecoder(dialect: DialectName): FrameDecoder {
  return dialect.startsWith("ollama-") ? new NdjsonDecoder() : new SseDecoder();
}
