import type { SimulatedEngine } from "../options.ts";
import { llamaServer } from "./llama-server.ts";
import { lmStudio } from "./lm-studio.ts";
import type { Manners } from "./manners.ts";
import { mlxLm } from "./mlx-lm.ts";
import { mlxVlm } from "./mlx-vlm.ts";
import { ollama } from "./ollama.ts";
import { omlx } from "./omlx.ts";
import { plain } from "./plain.ts";
import { sglang } from "./sglang.ts";
import { simulated } from "./simulated.ts";
import { vllmMlx } from "./vllm-mlx.ts";
import { vllm } from "./vllm.ts";

export const MANNERS: Readonly<Record<SimulatedEngine, Manners>> = {
  "llama-server": llamaServer,
  ollama,
  "lm-studio": lmStudio,
  "mlx-lm": mlxLm,
  "mlx-vlm": mlxVlm,
  "vllm-mlx": vllmMlx,
  omlx,
  vllm,
  sglang,
  plain,
  simulated,
};
