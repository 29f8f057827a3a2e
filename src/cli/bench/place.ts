import { parseConfig } from "../../gateway/config/load-config.ts";
import { Gateway } from "../../gateway/gateway.ts";
import { createLog } from "../../gateway/log.ts";
import type { Call } from "./ask.ts";
import { parksIn, type Parks } from "./parks.ts";
import { streamsBackground, toTheEnd, type Target } from "./target.ts";
import type { Question } from "./workloads.ts";

/** A way to the model server: its own line, Headgate's, or Headgate's with running background that steps aside. */
export type WayName = "direct" | "headgate" | "headgate --preempt";

export const WAYS: readonly WayName[] = ["direct", "headgate", "headgate --preempt"];

/** As people read it. */
export const WAY_TITLES: Readonly<Record<WayName, string>> = {
  direct: "first come, first served",
  headgate: "Headgate",
  "headgate --preempt": "Headgate --preempt",
};

/** One way, open. Requests of this process go through it over loopback, as those of any other client would. */
export class Place implements AsyncDisposable {
  readonly way: WayName;
  readonly target: Target;
  readonly #base: string;
  readonly #gateway: Gateway | undefined;

  private constructor(way: WayName, target: Target, base: string, gateway?: Gateway) {
    this.way = way;
    this.target = target;
    this.#base = base;
    this.#gateway = gateway;
  }

  static async open(way: WayName, target: Target): Promise<Place> {
    if (way === "direct") return new Place(way, target, target.url.href);
    const config = parseConfig({
      listen: [{ port: 0 }],
      preempt: { enabled: way === "headgate --preempt" },
      log: { level: "silent" },
    });
    const gateway = new Gateway({ config, log: createLog(config.log) });
    try {
      const { url, apiKey, slots } = target;
      await gateway.addUpstream({
        url: url.href,
        capacity: slots,
        models: { alias: {} },
        ...(apiKey !== undefined && { apiKey }),
      });
      const [address] = await gateway.listen();
      return new Place(way, target, `http://127.0.0.1:${address!.port}`, gateway);
    } catch (error) {
      await gateway.close();
      throw error;
    }
  }

  call({ priority, maxTokens, words }: Question, stream: boolean): Call {
    const { apiKey, model } = this.target;
    const shared = words.shared === "" ? [] : [{ role: "system", content: words.shared }];
    return {
      base: this.#base,
      headers: {
        "x-headgate-priority": String(priority),
        ...(this.#gateway === undefined && apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
      },
      body: {
        ...(model !== undefined && { model }),
        messages: [...shared, { role: "user", content: words.own }],
        max_tokens: maxTokens,
        temperature: 0,
        stream,
        ...toTheEnd(this.target),
      },
    };
  }

  get streamsBackground(): boolean {
    return streamsBackground(this.target);
  }

  /** By the gateway's own count; `undefined` where nothing can step aside. */
  async parks(): Promise<Parks | undefined> {
    if (this.way !== "headgate --preempt") return undefined;
    const metrics = await (await fetch(`${this.#base}/metrics`)).text();
    return parksIn(metrics);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#gateway?.close();
  }
}
