import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { Busboy, type BusboyHeaders, type BusboyInstance } from "@fastify/busboy";
import { BatchError } from "../../batch/batch-error.ts";
import type { Clock } from "../../gate/index.ts";
import { SilenceLimit } from "../../relay/silence-limit.ts";
import { ClientGone } from "../client-gone.ts";
import { BodyStalled } from "../read-body.ts";

/** Far longer than any connection pauses that is still there. */
const MAX_SILENCE_MS = 60_000;
const LIMITS = { fields: 20, fieldSize: 4_096, fieldNameSize: 200, files: 1, parts: 30 };

/** A form that was read to its end: its fields, and the name of its one file. */
export interface Form {
  readonly fields: ReadonlyMap<string, string>;
  readonly filename: string;
}

/**
 * Reads a form with one file, in the field `file`, and hands that on as it comes: `take` gets chunk after chunk and holds the sender back
 * by taking its time.
 *
 * @returns once all of it was taken. Rejects with a {@link BatchError}, with what `take` rejects with, with {@link BodyStalled}, or
 *   with {@link ClientGone} when the client leaves before the end. The rest is not read then.
 */
export async function readForm(
  request: IncomingMessage,
  clock: Clock,
  take: (chunk: Uint8Array) => Promise<void>,
): Promise<Form> {
  const parser = parserFor(request);
  const fields = new Map<string, string>();
  let file: { readonly name: string; readonly taken: Promise<void> } | undefined;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const silence = new SilenceLimit(clock, MAX_SILENCE_MS, () => reject(new BodyStalled()));
  parser.on("field", (name, value) => void fields.set(name, value));
  parser.on("file", (field, stream, name) => {
    // One that breaks off is told of by the parser too.
    stream.on("error", reject);
    if (field !== "file" || file !== undefined) return void stream.resume();
    file = { name, taken: takeAll(stream, take, () => silence.heard()) };
    file.taken.catch(reject);
  });
  parser.on("finish", resolve);
  parser.on("error", (error) => reject(malformed(error instanceof Error ? error.message : String(error))));
  const left = (): void => {
    if (!request.complete) reject(new ClientGone());
  };
  request.on("close", left);
  request.on("data", () => silence.heard());
  request.pipe(parser);
  try {
    await promise;
    await file?.taken;
    if (file === undefined) throw malformed("there is no part named file");
    return { fields, filename: file.name };
  } finally {
    silence.end();
    request.unpipe(parser);
    request.off("close", left);
  }
}

async function takeAll(stream: Readable, take: (chunk: Uint8Array) => Promise<void>, heard: () => void): Promise<void> {
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    await take(chunk);
    // A slow disk is not the sender's silence.
    heard();
  }
}

function parserFor({ headers }: IncomingMessage): BusboyInstance {
  try {
    return new Busboy({ headers: headers as BusboyHeaders, limits: LIMITS });
  } catch (error) {
    throw malformed((error as Error).message);
  }
}

function malformed(why: string): BatchError {
  return new BatchError(400, "invalid_multipart", `the body must be a multipart form with a file: ${why}`);
}
