import type { ClientRequest, IncomingMessage } from "node:http";
import type { GatewayAddress } from "./gateway-address.ts";
import { post, readJson, refusalIn, unreachable } from "./gateway-call.ts";

export interface YieldListener {
  answered(): void;
  /** The permit is lost, or nobody can say whether it is. */
  failed(error: unknown): void;
}

/** A holder's question to its gateway whether to step aside, and its wait for the permit if so. */
export class YieldRequest {
  /** Resolves with whether the permit was given up and came back. */
  readonly stoodAside: Promise<boolean>;
  readonly #url: string;
  readonly #call: ClientRequest;
  readonly #listener: YieldListener;
  #answered = false;
  readonly #settle = Promise.withResolvers<boolean>();

  constructor(address: GatewayAddress, id: string, timeoutMs: number | undefined, listener: YieldListener) {
    this.#url = address.url;
    this.#listener = listener;
    this.stoodAside = this.#settle.promise;
    this.#call = post(address, `/headgate/permits/${id}/yield`, { timeoutMs });
    this.#call.on("error", (error) => this.#failed(unreachable(address.url, error)));
    this.#call.on("response", (answer) => void this.#read(answer));
  }

  /** Ends the wait, as when the permit's own connection has ended. Without effect on one that was answered. */
  fail(reason: unknown): void {
    this.#call.destroy();
    this.#settle.reject(reason);
  }

  async #read(answer: IncomingMessage): Promise<void> {
    try {
      if (answer.statusCode !== 200) throw await refusalIn(answer, this.#url, "parked");
      const body = (await readJson(answer)) as { readonly kept?: unknown } | undefined;
      this.#answered = true;
      this.#listener.answered();
      this.#settle.resolve(body?.kept !== true);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** What happens to the connection after the answer is nothing to the permit. */
  #failed(error: unknown): void {
    if (!this.#answered) this.#listener.failed(error);
  }
}
