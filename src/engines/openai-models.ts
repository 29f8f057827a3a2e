import { objectIn, objectsIn, textIn } from "../protocol/untrusted-json.ts";
import type { Probe } from "./engine.ts";

/** The ids in the OpenAI-style list of models; `undefined` when there is no such list. */
export async function openAiModels(probe: Probe): Promise<readonly string[] | undefined> {
  const answer = await probe.get("/v1/models");
  const data = answer?.status === 200 ? objectIn(answer.json)?.["data"] : undefined;
  // Ollama without a model says null.
  if (data === null) return [];
  if (!Array.isArray(data)) return undefined;
  return objectsIn(data)
    .map((model) => textIn(model["id"]))
    .filter((id) => id !== undefined);
}
