import type { JsonObject } from "./untrusted-json.ts";

/** Puts one dialect's stream together. It must take any object. */
export interface Collector {
  /** The next event of the stream, which is no error. */
  take(value: JsonObject): void;
  /** The whole answer; `undefined` unless the engine said that it is complete. */
  answer(): unknown;
}
