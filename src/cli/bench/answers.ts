import { startModelServer, type ModelServer, type ModelServerOptions } from "../../testing/index.ts";
import { ask } from "./ask.ts";
import type { Told } from "./lane.ts";
import type { Place } from "./place.ts";
import type { Checked } from "./results.ts";
import { questionOf, type Workload } from "./workloads.ts";

/** What answers are held against. */
export interface Answers extends AsyncDisposable {
  /** Compares, and may remember. */
  check(place: Place, told: readonly Told[], workloads: Readonly<Record<Told["by"], Workload>>): Promise<Comparison>;
}

export type Comparison = Pick<Checked, "compared" | "different">;

/** A real server is held against itself: what it said when it was asked directly. Its answers may vary without anybody's fault. */
export class SaidDirectly implements Answers {
  readonly #said = new Map<string, string>();

  check(place: Place, told: readonly Told[], workloads: Readonly<Record<Told["by"], Workload>>): Promise<Comparison> {
    let compared = 0;
    let different = 0;
    for (const { by, number, text } of told) {
      const key = `${workloads[by].name} ${number}`;
      if (place.way === "direct") this.#said.set(key, text);
      const said = this.#said.get(key);
      if (place.way === "direct" || said === undefined) continue;
      compared++;
      if (said !== text) different++;
    }
    return Promise.resolve({ compared, different });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** Enough to find what is wrong, and no more than a moment's work. */
const MOST = 60;

/** A simulated server is held against another that takes no time and is never interrupted: any difference is a fault. */
export class Uninterrupted implements Answers {
  readonly #server: ModelServer;
  readonly #contextTokens: number;

  private constructor(server: ModelServer, contextTokens: number) {
    this.#server = server;
    this.#contextTokens = contextTokens;
  }

  static async start(like: ModelServerOptions, contextTokens: number): Promise<Uninterrupted> {
    const timing = { prefillMsPerToken: 0, decodeMsPerToken: 0, loadMs: 0 };
    return new Uninterrupted(await startModelServer({ ...like, port: 0, timing }), contextTokens);
  }

  async check(
    place: Place,
    told: readonly Told[],
    workloads: Readonly<Record<Told["by"], Workload>>,
  ): Promise<Comparison> {
    let different = 0;
    const looked = told.slice(-MOST);
    for (const { by, number, text } of looked) {
      const call = place.call(questionOf(workloads[by], number, this.#contextTokens), true);
      if ((await ask({ ...call, base: this.#server.url, headers: {} })) !== text) different++;
    }
    return { compared: looked.length, different };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.close();
  }
}
