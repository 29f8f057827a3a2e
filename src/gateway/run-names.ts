import { topLevelFields } from "../protocol/json-fields.ts";
import { JsonReader } from "../protocol/json-reader.ts";
import type { Route } from "../protocol/route.ts";
import { splice } from "../protocol/splice.ts";
import type { Upstream } from "./upstream.ts";

/**
 * What the model server knows a run by, where it is told to stop by name: the client's own name for the request, or one for each
 * run, since a name is not free again at once.
 */
export class RunNames {
  readonly #upstream: Upstream;
  readonly #requestId: string;
  readonly #named: boolean;
  #runs = 0;
  #own: string | undefined;

  constructor(upstream: Upstream, { dialect, body }: Route, requestId: string) {
    this.#upstream = upstream;
    this.#requestId = requestId;
    this.#named = body === "json" && (dialect === "openai-chat" || dialect === "openai-completions");
  }

  get current(): string {
    return this.#own ?? `${this.#requestId}-${this.#runs}`;
  }

  /** The body of the next run, with its name. */
  give(body: Uint8Array): Uint8Array {
    this.#runs++;
    const { cancelling } = this.#upstream.engine;
    if (!this.#named || cancelling?.name === undefined) return body;
    const fields = topLevelFields(body);
    this.#own = cancelling.ownName?.(new JsonReader(fields));
    return this.#own === undefined ? splice(body, cancelling.name(this.current), fields) : body;
  }
}
