import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Order, Tally } from "./openai-shim.ts";
import { writeTinyGguf } from "./tiny-gguf.ts";

/** Room for an answer that takes many seconds if nothing stops it. */
export const CONTEXT_TOKENS = 4096;

/** A server with a real model, in a process of its own. */
export class ModelProcess implements AsyncDisposable {
  tally: Tally;
  readonly #child: ChildProcess;
  readonly #watchers = new Set<() => void>();
  /** Rejects when the process ends. */
  readonly #died: Promise<never>;
  #orders = 0;

  private constructor(child: ChildProcess, tally: Tally) {
    this.#child = child;
    this.tally = tally;
    this.#died = endOf(child);
    child.on("message", (message) => {
      this.tally = message as Tally;
      for (const look of this.#watchers) look();
    });
  }

  /** Resolves once it listens; rejects when it ends before that. */
  static async start(): Promise<ModelProcess> {
    const folder = await mkdtemp(join(tmpdir(), "headgate-model-"));
    const modelPath = join(folder, "tiny-random.gguf");
    await writeTinyGguf(modelPath, { contextTokens: CONTEXT_TOKENS });
    // Without what this process was told, the leak guard above all.
    const child = fork(join(import.meta.dirname, "openai-shim.ts"), [modelPath, String(CONTEXT_TOKENS)], {
      execArgv: [],
      // What goes through must be able to say Infinity.
      serialization: "advanced",
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    try {
      const [tally] = (await Promise.race([once(child, "message"), endOf(child)])) as [Tally];
      return new ModelProcess(child, tally);
    } finally {
      // Once it is loaded nobody opens it again.
      await rm(folder, { recursive: true });
    }
  }

  get url(): string {
    return this.tally.url;
  }

  /** Not one more token, until {@link step} or {@link resume}. */
  pause(): Promise<Tally> {
    return this.#order({ pace: "pause" });
  }

  step(tokens: number): Promise<Tally> {
    return this.#order({ pace: tokens });
  }

  resume(): Promise<Tally> {
    return this.#order({ pace: Infinity });
  }

  /** Goes on, and counts from nothing again. */
  forget(): Promise<Tally> {
    return this.#order({ forget: true });
  }

  /** What it has counted until now. */
  look(): Promise<Tally> {
    return this.#order({});
  }

  /** Resolves once what it tells fits; see {@link Tally} for when it tells. */
  async until(fits: (tally: Tally) => boolean): Promise<Tally> {
    const { promise, resolve } = Promise.withResolvers<Tally>();
    // Each is looked at as it comes: the next may be there before whoever awaits this runs.
    const look = (): void => {
      if (fits(this.tally)) resolve(this.tally);
    };
    this.#watchers.add(look);
    look();
    const fitting = await Promise.race([promise, this.#died]);
    this.#watchers.delete(look);
    return fitting;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.disconnect();
    await ended;
  }

  #order(order: Omit<Order, "order">): Promise<Tally> {
    const number = ++this.#orders;
    const done = this.until((tally) => tally.order === number);
    this.#child.send({ ...order, order: number } satisfies Order);
    return done;
  }
}

/** Rejects when it ends, whether or not anybody looks. */
function endOf(child: ChildProcess): Promise<never> {
  const ended = once(child, "exit").then(() => Promise.reject(new Error("the server with the real model has ended")));
  ended.catch(() => {});
  return ended;
}
