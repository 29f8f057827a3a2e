import { asReceived } from "./as-received.ts";
import type { Engine } from "./engine.ts";
import { usualHeader } from "./fingerprint.ts";
import { healthAt } from "./health.ts";
import { openAiModels } from "./openai-models.ts";

/** mlx-vlm's server. */
export const mlxVlm: Engine = {
  name: "mlx-vlm",
  title: "mlx-vlm server",
  usualPorts: [8080],
  loadsAnyModel: true,
  stepAside: "restart",
  notes: [
    "Only a streamed answer stops when its connection is closed; any other is computed to its end, and keeps its place until then. A stopped answer starts over.",
    "It takes any number of requests at once unless started with --max-num-seqs, and does not tell: it counts as one slot unless its capacity is configured.",
  ],
  // The web framework under it may have put its own name before (mlx_vlm/server/app.py, add_server_header).
  identify: async (probe) => /\bmlx_vlm\//.test(await usualHeader(probe, "server")),
  capacity: () => Promise.resolve(undefined),
  health: (probe) => healthAt(probe, "/health"),
  models: openAiModels,
  loadedFor: (model) => model,
  // Without a stream the generation runs in a thread of its own, which nobody stops (mlx_vlm/server/generation.py).
  mayAbort: ({ streaming }) => streaming,
  outgoing: asReceived,
};
