import { parseConfig } from "../../gateway/config/load-config.ts";
import { Gateway } from "../../gateway/gateway.ts";
import { createLog } from "../../gateway/log.ts";
import { startModelServer, type ModelServer } from "../../testing/index.ts";
import { Chat } from "./chat.ts";
import { EX_UNAVAILABLE } from "../exit-codes.ts";
import { duration, printable } from "../table.ts";

const BACKGROUND = "Write a long letter to a friend about a river and the people who live beside it.";
const PERSON = "What is a headgate? One sentence.";
const BACKGROUND_TOKENS = 200;
const PERSON_TOKENS = 20;
/** So much of the letter is there when the person comes. */
const INTERRUPT_AFTER = 40;

interface Server {
  readonly url: string;
  readonly apiKey?: string;
}

export interface LetterOptions {
  readonly upstream?: URL;
  readonly apiKey?: string;
  readonly model?: string;
}

/** A long answer in the background steps aside for a person and goes on, word by word, in one stream. */
export async function showLetter({ upstream, apiKey, model }: LetterOptions): Promise<void> {
  const simulated =
    upstream === undefined ? await startModelServer({ engine: "simulated", answer: { tokens: 150 } }) : undefined;
  const config = parseConfig({ listen: [{ port: 0 }], preempt: { enabled: true }, log: { level: "silent" } });
  await using gateway = new DemoGateway(new Gateway({ config, log: createLog(config.log) }), simulated);
  const url = upstream?.href ?? simulated!.url;
  await show(gateway, { url, ...(apiKey !== undefined && { apiKey }) }, model);
}

async function show({ gateway }: DemoGateway, server: Server, wanted: string | undefined): Promise<void> {
  const upstream = await gateway.addUpstream({ ...server, models: { alias: {} } });
  const [address] = await gateway.listen();
  const model = wanted ?? upstream.models?.[0];
  if (upstream.health === "down" || model === undefined) {
    process.stderr.write(`headgate: no model server answers at ${new URL(server.url).origin}\n`);
    process.exitCode = EX_UNAVAILABLE;
    return;
  }
  const base = `http://127.0.0.1:${address!.port}`;
  say(
    `${upstream.engine.title} at ${new URL(server.url).origin}, model ${printable(model)}. A letter is written in the background:\n\n`,
  );
  const letter = new Chat(`${base}/background`, model, BACKGROUND, BACKGROUND_TOKENS);
  let person: Promise<void> | undefined;
  let pieces = 0;
  for await (const piece of letter.pieces()) {
    say(inLine(piece));
    if (++pieces === INTERRUPT_AFTER) person = askAsPerson(base, model);
  }
  await person;
  say("\n\nThe letter is complete, in one stream.\n");
  const again = new Chat(`${base}/background`, model, BACKGROUND, BACKGROUND_TOKENS);
  for await (const _ of again.pieces());
  say(
    again.text === letter.text
      ? "Asked again without an interruption, the server writes the same, letter by letter.\n"
      : "Asked again without an interruption, the server writes something else: its answers vary by themselves, or it cannot go on exactly.\n",
  );
}

async function askAsPerson(base: string, model: string): Promise<void> {
  const chat = new Chat(`${base}/foreground`, model, PERSON, PERSON_TOKENS);
  const askedAt = performance.now();
  let first: number | undefined;
  for await (const _ of chat.pieces()) first ??= performance.now() - askedAt;
  const answer = inLine(chat.text.trim());
  say(`\n\n   >> A person asks, and hears the first word after ${duration(first ?? 0)}:\n   >> ${answer}\n\n`);
}

function inLine(text: string): string {
  return printable(text.replaceAll(/\s+/g, " "));
}

/** What the demo has started, to be ended with it. */
class DemoGateway implements AsyncDisposable {
  readonly gateway: Gateway;
  readonly #server: ModelServer | undefined;

  constructor(gateway: Gateway, server: ModelServer | undefined) {
    this.gateway = gateway;
    this.#server = server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway.close();
    await this.#server?.close();
  }
}

function say(text: string): void {
  process.stdout.write(text);
}
