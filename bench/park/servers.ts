import type { ModelServerOptions, SimulatedEngine, Timing } from "../../src/testing/index.ts";
import { ask } from "./ask.ts";
import type { Question, Topic } from "./chat.ts";
import { Model, type Records } from "./model-process.ts";
import { BACKGROUND } from "./plan.ts";

/** A model server for one row. */
export interface Server extends AsyncDisposable {
  readonly port: number;
  readonly topic: Topic;
  /** `undefined` where it keeps none. */
  records(): Promise<Records | undefined>;
}

/** Where the model servers of the rows come from. */
export interface Servers extends AsyncDisposable {
  /** In the words of the report. */
  readonly name: string;
  /** Whether each row gets one of its own, so that all can be measured at the same time. */
  readonly apart: boolean;
  open(row: number): Promise<Server>;
  /** What is answered to this when nobody interrupts it. */
  uninterrupted(question: Question): Promise<string>;
}

/** Simulated ones, each in a process of its own, and beside them one that takes no time and is never interrupted. */
export async function simulated(engine: SimulatedEngine, timing: Timing): Promise<Servers> {
  const options: ModelServerOptions = {
    engine,
    models: ["simulated"],
    slots: 1,
    batchTokens: 256,
    promptCache: "all",
    // More than anybody asks for: `max_tokens` ends every answer.
    answer: { tokens: BACKGROUND.answer + 1, toolCalls: "never" },
  };
  const oracle = await Model.start(options);
  return {
    name: `the simulated ${engine}`,
    apart: true,
    open: async (row) => {
      const model = await Model.start({ ...options, timing });
      return {
        port: model.port,
        topic: { model: "simulated", row },
        records: () => model.records(),
        [Symbol.asyncDispose]: () => model[Symbol.asyncDispose](),
      };
    },
    uninterrupted: async (question) => (await ask(oracle.port, question)).text,
    [Symbol.asyncDispose]: () => oracle[Symbol.asyncDispose](),
  };
}

/**
 * One real llama-server for all rows, on this machine.
 *
 * Rejects with a `TypeError` for the address of anything else, and for one with several slots: the rows are of one.
 */
export async function real(address: string): Promise<Servers> {
  const port = portOf(address);
  await assertOneSlot(address, port);
  const list = (await (await fetch(`http://127.0.0.1:${port}/v1/models`)).json()) as { data: { id: string }[] };
  const model = list.data[0]!.id;
  return {
    name: `${model} on a real llama-server`,
    apart: false,
    // An answer that ended by itself would be a smaller job than the next.
    open: async (row) => ({
      port,
      topic: { model, row, more: { ignore_eos: true } },
      records: async () => undefined,
      [Symbol.asyncDispose]: async () => {},
    }),
    uninterrupted: async (question) => (await ask(port, question)).text,
    [Symbol.asyncDispose]: async () => {},
  };
}

async function assertOneSlot(address: string, port: number): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/props`);
  const { total_slots: slots } = (answer.ok ? await answer.json() : {}) as { total_slots?: unknown };
  if (slots === undefined) throw new TypeError(`${address} is no llama-server that has loaded its model`);
  if (slots !== 1) throw new TypeError(`${address} has ${String(slots)} slots: start it with -np 1 -b 256 -ub 256`);
}

/** @throws {TypeError} naming the address. A network between would be measured too. */
export function portOf(address: string): number {
  const { hostname, pathname, port, protocol } = new URL(address);
  if (protocol !== "http:" || !["127.0.0.1", "localhost"].includes(hostname) || pathname !== "/") {
    throw new TypeError(`--upstream takes a llama-server on this machine, http://127.0.0.1:PORT, not ${address}`);
  }
  return Number(port === "" ? 80 : port);
}
