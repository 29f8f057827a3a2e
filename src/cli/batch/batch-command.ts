import { Command, InvalidArgumentError } from "commander";
import { EX_DATAERR } from "../exit-codes.ts";
import { GatewayUnavailable, withGatewayFlags, type GatewayFlags } from "../gateway-client.ts";
import { BatchClient } from "./batch-client.ts";
import { hasEnded, listLines, showLines, statusOf } from "./batch-text.ts";
import { download } from "./download.ts";
import { exitCodeOf, submit, type SubmitFlags } from "./submit.ts";

interface ListFlags extends GatewayFlags {
  readonly limit: number;
  readonly json?: true;
}

interface OutputFlags extends GatewayFlags {
  readonly output: string;
  readonly errors?: string;
}

const EXIT_CODES = `
Exit codes of submit --wait, and of output: 0 when every line was answered, 1 when some failed, 2 when the batch failed, expired or was
cancelled, 130 when interrupted (the batch goes on). Of every command: 64 wrong usage, 65 no such file or batch, or refused, 69 no
gateway, 77 a key is missing.`;

/** `headgate batch`: durable batches from the command line. */
export function batchCommand(): Command {
  return new Command("batch")
    .description("Submit files of requests that run in the background, and see after them.")
    .addHelpText("after", EXIT_CODES)
    .addCommand(submitCommand())
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(outputCommand())
    .addCommand(onBatch("cancel", "End a batch; what was answered by then is kept.", (client, id) => client.cancel(id)))
    .addCommand(onBatch("pause", "Take no more lines of a batch up.", (client, id) => client.pause(id, "pause")))
    .addCommand(onBatch("unpause", "Go on with a batch.", (client, id) => client.pause(id, "unpause")));
}

function submitCommand(): Command {
  return withGatewayFlags(new Command("submit"))
    .description("Submit a JSONL file of requests in OpenAI's batch format, and print the batch's id.")
    .argument("<file>", "the file; - for standard input")
    .option("--endpoint <path>", "where the lines go (default: what the first line says)")
    .option("--window <time>", "how long the batch may take, such as 24h, 30m or 7d", "24h")
    .option("--metadata <name=value>", "to remember with the batch; may be repeated", pair)
    .option("--wait", "show the progress until the batch has ended")
    .option("--output <file>", "wait, and write the answers there; - for standard output")
    .option("--errors <file>", "wait, and write there what failed; - for standard output")
    .action((file: string, flags: SubmitFlags) => told(() => submit(file, flags)));
}

function listCommand(): Command {
  return withGatewayFlags(new Command("list"))
    .description("List the batches, the newest first.")
    .option("--limit <count>", "how many at most", count, 20)
    .option("--json", "as JSON, as GET /v1/batches gives them")
    .action((flags: ListFlags) =>
      told(async () => {
        const list = await new BatchClient(flags).list(flags.limit);
        process.stdout.write(flags.json === true ? `${JSON.stringify(list, null, 2)}\n` : lines(listLines(list.data)));
        return 0;
      }),
    );
}

function showCommand(): Command {
  return withGatewayFlags(new Command("show"))
    .description("Show a batch.")
    .argument("<id>", "the batch's id")
    .option("--json", "as JSON, as GET /v1/batches/{id} gives it")
    .action((id: string, flags: GatewayFlags & { readonly json?: true }) =>
      told(async () => {
        const batch = await new BatchClient(flags).show(id);
        process.stdout.write(flags.json === true ? `${JSON.stringify(batch, null, 2)}\n` : lines(showLines(batch)));
        return 0;
      }),
    );
}

function outputCommand(): Command {
  return withGatewayFlags(new Command("output"))
    .description("Fetch the results of a batch that has ended.")
    .argument("<id>", "the batch's id")
    .option("--output <file>", "where the answers go; - for standard output", "-")
    .option("--errors <file>", "where the lines go that failed or never ran")
    .action((id: string, flags: OutputFlags) =>
      told(async () => {
        const client = new BatchClient(flags);
        const batch = await client.show(id);
        if (!hasEnded(batch)) {
          throw new GatewayUnavailable(
            `batch ${id} has not ended, it is ${statusOf(batch)}; its results come with its end`,
            EX_DATAERR,
          );
        }
        await download(client, batch, flags);
        return exitCodeOf(batch);
      }),
    );
}

type Act = (client: BatchClient, id: string) => ReturnType<BatchClient["show"]>;

function onBatch(name: string, description: string, act: Act): Command {
  return withGatewayFlags(new Command(name))
    .description(description)
    .argument("<id>", "the batch's id")
    .action((id: string, flags: GatewayFlags) =>
      told(async () => {
        const batch = await act(new BatchClient(flags), id);
        process.stdout.write(`${batch.id} is ${statusOf(batch)}\n`);
        return 0;
      }),
    );
}

/** Runs a command and sets the exit code; what is wrong is said in a line. */
async function told(run: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await run();
  } catch (error) {
    if (!(error instanceof GatewayUnavailable)) throw error;
    process.stderr.write(`headgate: ${error.message}\n`);
    process.exitCode = error.exitCode;
  }
}

function lines(text: readonly string[]): string {
  return `${text.join("\n")}\n`;
}

function count(text: string): number {
  if (/^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 100) return Number(text);
  throw new InvalidArgumentError("a number from 1 to 100 is wanted.");
}

function pair(text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("NAME=VALUE is wanted.");
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}
