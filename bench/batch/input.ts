import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

export const ENDPOINT = "/v1/chat/completions";

/** One line of an input file, of `bytes` bytes or what it needs without padding. */
function lineOf(n: number, bytes: number): string {
  const line = (content: string): string =>
    JSON.stringify({
      custom_id: `line-${n}`,
      method: "POST",
      url: ENDPOINT,
      body: { model: "bench", messages: [{ role: "user", content }], max_tokens: 64 },
    });
  const bare = line("");
  return line("x".repeat(Math.max(1, bytes - bare.length - 1)));
}

/** Writes so many lines to a file. */
export async function writeInput(path: string, lines: number, bytes = 0): Promise<void> {
  function* all(): Iterable<string> {
    for (let n = 0; n < lines; n++) yield `${lineOf(n, bytes)}\n`;
  }
  await pipeline(Readable.from(all()), createWriteStream(path));
}
