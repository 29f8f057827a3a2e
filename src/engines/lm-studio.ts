import { objectIn, objectsIn } from "../protocol/untrusted-json.ts";
import { asReceived } from "./as-received.ts";
import type { Capacity, Engine, Probe } from "./engine.ts";
import { membersOf } from "./fingerprint.ts";
import { healthAt } from "./health.ts";
import { openAiModels } from "./openai-models.ts";
import { slotCount } from "./slot-count.ts";

/** LM Studio, the application or its daemon. */
export const lmStudio: Engine = {
  name: "lm-studio",
  title: "LM Studio",
  usualPorts: [1234],
  stepAside: "restart",
  notes: [
    "It stops when the connection is closed, but finishes reading a prompt first (lmstudio-ai/lmstudio-bug-tracker#1143).",
    "A running answer starts over: continuing one is not documented.",
  ],
  identify,
  capacity,
  health: (probe) => healthAt(probe, "/v1/models"),
  models: openAiModels,
  loadedFor: (model) => model,
  mayAbort: () => true,
  outgoing: asReceived,
};

/**
 * Its own list of models is like nobody else's (documented at lmstudio.ai/docs/developer/rest). It answers 200 to every path, so
 * a status alone tells nothing; the words it then says tell it even with no model downloaded, or before version 0.4.
 */
async function identify(probe: Probe): Promise<boolean> {
  if ((await instances(probe)) !== undefined) return true;
  const root = await probe.get("/");
  return root?.text.includes("Unexpected endpoint or method. (GET /)") === true;
}

/**
 * The smallest number of concurrent predictions among the loaded models, so that none is ever asked for more. A model that is
 * loaded later is noticed when the server is asked again.
 */
async function capacity(probe: Probe): Promise<Capacity | undefined> {
  const parallel = ((await instances(probe)) ?? [])
    .map((instance) => slotCount(objectIn(instance["config"])?.["parallel"]))
    .filter((count) => count !== undefined);
  return parallel.length === 0 ? undefined : { slots: Math.min(...parallel), source: "/api/v1/models config.parallel" };
}

/** The loaded models; `undefined` if this is no list of LM Studio's, or an empty one. */
async function instances(probe: Probe): Promise<readonly Readonly<Record<string, unknown>>[] | undefined> {
  const models = objectsIn(membersOf(await probe.get("/api/v1/models"))["models"]);
  if (models.length === 0 || !models.every((model) => Array.isArray(model["loaded_instances"]))) return undefined;
  return models.flatMap((model) => objectsIn(model["loaded_instances"]));
}
