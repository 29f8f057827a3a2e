import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream as WebStream } from "node:stream/web";
import type { BatchObject } from "../../batch/batch-object.ts";
import { EX_DATAERR } from "../exit-codes.ts";
import { GatewayUnavailable } from "../gateway-client.ts";
import type { BatchClient } from "./batch-client.ts";

/** Files for the results: `-` is standard output. */
export interface Targets {
  readonly output?: string | undefined;
  readonly errors?: string | undefined;
}

/** Fetches what the batch has of what is wanted; an empty file where it has nothing. */
export async function download(client: BatchClient, batch: BatchObject, { output, errors }: Targets): Promise<void> {
  if (output !== undefined) await save(client, batch.output_file_id, output);
  if (errors !== undefined) await save(client, batch.error_file_id, errors);
}

async function save(client: BatchClient, fileId: string | null, target: string): Promise<void> {
  const source = fileId === null ? Readable.from([]) : Readable.fromWeb((await client.content(fileId)) as WebStream);
  if (target === "-") return pipeline(source, process.stdout, { end: false });
  try {
    await pipeline(source, createWriteStream(target));
  } catch (error) {
    throw new GatewayUnavailable(`${target} cannot be written: ${(error as Error).message}`, EX_DATAERR);
  }
}
