import type { ResponseHead } from "./attempt.ts";

const STREAMS = ["text/event-stream", "application/x-ndjson"];
const WHOLE = "application/json";

/**
 * Whether an answer comes as a stream or as a whole, as far as its content type tells: servers exist that stream unasked, or do
 * not although they were asked to.
 */
export function streams({ rawHeaders }: Pick<ResponseHead, "rawHeaders">): boolean | undefined {
  const type = headerOf(rawHeaders, "content-type")?.toLowerCase() ?? "";
  if (STREAMS.some((name) => type.startsWith(name))) return true;
  return type.startsWith(WHOLE) ? false : undefined;
}

/**
 * The length that a server told, for an answer that passes unseen. One that is watched goes in chunks: if it turns out to be cut,
 * its client can still be told so.
 */
export function lengthOf({ rawHeaders }: Pick<ResponseHead, "rawHeaders">): number | undefined {
  const length = headerOf(rawHeaders, "content-length");
  return length === undefined ? undefined : Number(length);
}

/** The value of a header in a flat list of names and values; `name` in lower case. */
export function headerOf(rawHeaders: readonly string[], name: string): string | undefined {
  const at = rawHeaders.findIndex((item, index) => index % 2 === 0 && item.toLowerCase() === name);
  return at === -1 ? undefined : rawHeaders[at + 1];
}
