import { objectIn } from "../protocol/untrusted-json.ts";
import { invalidValue } from "./batch-error.ts";

/** The bounds that OpenAI's API sets: an hour and thirty days, in seconds. */
const LEAST_SECONDS = 3_600;
const MOST_SECONDS = 2_592_000;

/** How long files are kept, in seconds from their creation; undefined where nothing is said. `name` is the field that says it. */
export function expirySeconds(name: string, wish: unknown): number | undefined {
  if (wish === undefined || wish === null) return undefined;
  const { anchor, seconds } = objectIn(wish) ?? {};
  if (anchor !== "created_at") throw invalidValue(`${name}[anchor]`, anchor, "created_at");
  // A form sends everything as text.
  const count = typeof seconds === "string" && /^\d+$/.test(seconds) ? Number(seconds) : seconds;
  if (typeof count !== "number" || !Number.isInteger(count) || count < LEAST_SECONDS || count > MOST_SECONDS) {
    throw invalidValue(`${name}[seconds]`, seconds, `a whole number from ${LEAST_SECONDS} to ${MOST_SECONDS}`);
  }
  return count;
}
