import { objectIn, objectsIn, textIn } from "../protocol/untrusted-json.ts";
import type { Probe, ProbeAnswer } from "./engine.ts";

/**
 * A header that a server puts into every answer: as the list of models has it, or the front page while the list is not to be had.
 * "" without it.
 */
export async function usualHeader(probe: Probe, name: string): Promise<string> {
  const answer = (await probe.get("/v1/models")) ?? (await probe.get("/"));
  return answer?.headers[name] ?? "";
}

/** Who owns the first model of the OpenAI-style list: most servers write their own name there. */
export async function modelOwner(probe: Probe): Promise<string | undefined> {
  const models = await probe.get("/v1/models");
  const [first] = objectsIn(objectIn(models?.json)?.["data"]);
  return textIn(first?.["owned_by"]);
}

/** The members of a good answer that is a JSON object; none otherwise. */
export function membersOf(answer: ProbeAnswer | undefined): Readonly<Record<string, unknown>> {
  return answer?.status === 200 ? (objectIn(answer.json) ?? {}) : {};
}
