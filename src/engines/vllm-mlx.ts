import { countIn, objectIn, parseObject, textIn } from "../protocol/untrusted-json.ts";
import { asReceived } from "./as-received.ts";
import type { Engine, Probe } from "./engine.ts";
import { membersOf, modelOwner } from "./fingerprint.ts";
import { sumIn } from "./gauges.ts";
import { healthAt } from "./health.ts";
import { openAiModels } from "./openai-models.ts";

/** vllm-mlx: vLLM's interface, none of its code. */
export const vllmMlx: Engine = {
  name: "vllm-mlx",
  title: "vllm-mlx",
  usualPorts: [8000],
  stepAside: "restart",
  notes: [
    "It looks twice a second whether a client is still there; a stopped answer starts over.",
    "Its simple engine refuses a second request with 503. With --continuous-batching it takes many and does not tell how many: set the capacity then.",
  ],
  identify,
  capacity: () => Promise.resolve(undefined),
  health: (probe) => healthAt(probe, "/health"),
  load: async (probe) => sumIn(membersOf(await probe.get("/v1/status")), ["num_running", "num_waiting"]),
  models: openAiModels,
  mayAbort: () => true,
  // It looks for closed connections twice a second, and takes as long again to close the generation (server.py).
  cancelling: {
    call: ({ answer }) => (answer === undefined ? undefined : { path: `/v1/requests/${answer}/cancel`, body: {} }),
  },
  isBusy,
  outgoing: asReceived,
};

/** Of its simple engine (vllm_mlx/server.py): `{"detail":{"error","message":"… retry later"}}`. */
function isBusy(status: number, body: Uint8Array): boolean {
  const detail = status === 503 ? objectIn(parseObject(body)?.["detail"]) : undefined;
  return textIn(detail?.["message"])?.includes("retry later") === true;
}

/** While no model is loaded, its list is empty; its status has the same members then (vllm_mlx/server.py). */
async function identify(probe: Probe): Promise<boolean> {
  if ((await modelOwner(probe)) === "vllm-mlx") return true;
  const status = membersOf(await probe.get("/v1/status"));
  if (status["status"] === "not_loaded") return Array.isArray(status["requests"]);
  return countIn(status["num_running"]) !== undefined && countIn(status["num_waiting"]) !== undefined;
}
