import type { Engine } from "../../engines/engine.ts";
import type { ModelServer } from "../../testing/index.ts";

/** The model server that is measured. */
export interface Target {
  readonly url: URL;
  readonly apiKey: string | undefined;
  readonly engine: Engine;
  /** `undefined`: requests name none, and get the one that is there. */
  readonly model: string | undefined;
  readonly slots: number;
  /** How many requests it has, whoever sent them; `undefined` when it does not tell. */
  load(): Promise<number | undefined>;
  /** Where it is simulated: itself, to know what it is to answer. */
  readonly simulated: ModelServer | undefined;
}

/**
 * Whether background answers are asked for as streams: the usual case, and the only one in which some servers notice that their client
 * left. Not where a stream that is hung up can lose a slot for good.
 */
export function streamsBackground({ engine }: Pick<Target, "engine">): boolean {
  return engine.mayAbort({ streaming: true });
}

/** Members of a request that make every answer as long as it may be: else one that ends by itself is a smaller job than the next. */
export function toTheEnd({ engine }: Pick<Target, "engine">): Readonly<Record<string, unknown>> {
  return ["llama-server", "vllm", "sglang"].includes(engine.name) ? { ignore_eos: true } : {};
}
