import type { Engine, Probe, ProbeAnswer } from "./engine.ts";
import type { EngineName } from "./engine-words.ts";
import { llamaServer } from "./llama-server.ts";
import { lmStudio } from "./lm-studio.ts";
import { mlxLm } from "./mlx-lm.ts";
import { mlxVlm } from "./mlx-vlm.ts";
import { ollama } from "./ollama.ts";
import { omlx } from "./omlx.ts";
import { sglang } from "./sglang.ts";
import { simulated } from "./simulated.ts";
import { unknownEngine } from "./unknown.ts";
import { vllmMlx } from "./vllm-mlx.ts";
import { vllm } from "./vllm.ts";

/**
 * Who is asked for first. Marks that nobody else bears come before ways that others imitate: SGLang says "Ollama is running", many
 * speak vLLM's and OpenAI's interface, LM Studio answers 200 to everything.
 */
const ENGINES: readonly Engine[] = [
  simulated,
  llamaServer,
  mlxVlm,
  lmStudio,
  sglang,
  vllmMlx,
  omlx,
  vllm,
  ollama,
  mlxLm,
];

/** A port on which local model servers listen, and which. */
export interface KnownServer {
  readonly port: number;
  readonly engines: readonly EngineName[];
}

/**
 * Where to look for local servers, by the ports that they take unless told otherwise. Anything may listen there: what is not
 * recognised is no model server just because it answers.
 */
export const KNOWN_SERVERS: readonly KnownServer[] = [...new Set(ENGINES.flatMap((engine) => engine.usualPorts))].map(
  (port) => ({
    port,
    engines: ENGINES.filter((engine) => engine.usualPorts.includes(port)).map((engine) => engine.name),
  }),
);

/**
 * What kind of server answers. `undefined` when nobody does; the unknown engine when somebody does whom nothing tells. Never
 * rejects. Asks no path twice.
 */
export async function identifyServer(probe: Probe): Promise<Engine | undefined> {
  const asked = new RememberingProbe(probe);
  // One of them is quick everywhere.
  if (((await asked.get("/v1/models")) ?? (await asked.get("/"))) === undefined) return undefined;
  for (const engine of ENGINES) {
    if (await engine.identify(asked)) return (await engine.tuned?.(asked)) ?? engine;
  }
  return unknownEngine;
}

class RememberingProbe implements Probe {
  readonly #probe: Probe;
  readonly #answers = new Map<string, Promise<ProbeAnswer | undefined>>();

  constructor(probe: Probe) {
    this.#probe = probe;
  }

  get(path: string): Promise<ProbeAnswer | undefined> {
    let answer = this.#answers.get(path);
    if (answer === undefined) this.#answers.set(path, (answer = this.#probe.get(path)));
    return answer;
  }

  post(path: string, body: object): Promise<ProbeAnswer | undefined> {
    return this.#probe.post(path, body);
  }
}
