import type { BatchObject } from "../../batch/batch-object.ts";
import type { GatewayFlags } from "../gateway-client.ts";
import { BatchClient } from "./batch-client.ts";
import { errorLines } from "./batch-text.ts";
import { download } from "./download.ts";
import { endpointIn, readInput } from "./input.ts";
import { waitFor } from "./wait.ts";

/** Some lines failed. */
const SOME_FAILED = 1;
/** The batch did not come to its end: its input was wrong, its time was over, or it was cancelled. */
const NOT_COMPLETED = 2;
/** As shells report a program that was interrupted. */
const INTERRUPTED = 130;

export interface SubmitFlags extends GatewayFlags {
  readonly endpoint?: string;
  readonly window: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly wait?: true;
  readonly output?: string;
  readonly errors?: string;
}

/** `headgate batch submit`: prints the id alone on standard output, everything else on standard error. Returns the exit code. */
export async function submit(path: string, flags: SubmitFlags): Promise<number> {
  const client = new BatchClient(flags);
  const input = await readInput(path);
  const endpoint = flags.endpoint ?? (await endpointIn(input));
  const file = await client.upload(input.content, input.name);
  const batch = await client.create(file.id, { endpoint, window: flags.window, metadata: flags.metadata });
  const waits = flags.wait === true || flags.output !== undefined || flags.errors !== undefined;
  // Results on standard output must stand there alone.
  const idGoes = flags.output === "-" || flags.errors === "-" ? process.stderr : process.stdout;
  idGoes.write(`${batch.id}\n`);
  return waits ? await follow(client, batch.id, flags) : 0;
}

/** Waits for a batch, fetches its results, and says by the exit code how it went. */
async function follow(client: BatchClient, id: string, flags: SubmitFlags): Promise<number> {
  const interrupted = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interrupted.abort());
  const batch = await waitFor(client, id, process.stderr, interrupted.signal);
  if (batch === undefined) {
    const commands = [`show ${id}`, `output ${id}`, `cancel ${id}`].map((command) => `  headgate batch ${command}\n`);
    process.stderr.write(
      `The batch goes on without you. To look at it, fetch its results, or end it:\n${commands.join("")}`,
    );
    return INTERRUPTED;
  }
  for (const line of errorLines(batch)) process.stderr.write(`${line}\n`);
  await download(client, batch, flags);
  return exitCodeOf(batch);
}

/** How a batch that ended went, for scripts. */
export function exitCodeOf({ status, request_counts: { failed } }: BatchObject): number {
  if (status !== "completed") return NOT_COMPLETED;
  return failed > 0 ? SOME_FAILED : 0;
}
