import { countIn } from "../protocol/untrusted-json.ts";
import { asReceived } from "./as-received.ts";
import type { Engine, Probe } from "./engine.ts";
import { membersOf, modelOwner } from "./fingerprint.ts";
import { sumIn } from "./gauges.ts";
import { healthAt } from "./health.ts";
import { openAiModels } from "./openai-models.ts";
import { resumeWith } from "./resume.ts";

/** oMLX. */
export const omlx: Engine = {
  name: "omlx",
  title: "oMLX",
  usualPorts: [8000],
  stepAside: "resume",
  notes: [
    "It looks every two seconds whether a client is still there, so a person may wait that long.",
    "It works on --max-concurrent-requests at once, 8 by default, and does not tell: it counts as one slot unless its capacity is configured.",
    "Its distributed mode does not notice that a streaming client is gone (jundot/omlx#3013).",
  ],
  identify,
  capacity: () => Promise.resolve(undefined),
  health: (probe) => healthAt(probe, "/health"),
  load: async (probe) => sumIn(membersOf(await probe.get("/api/status")), ["active_requests", "waiting_requests"]),
  models: openAiModels,
  loadedFor: (model) => model,
  mayAbort: () => true,
  outgoing: asReceived,
  // jundot/omlx, PR 306.
  resume: resumeWith({ flags: [], message: { partial: true }, restoresGrammar: false, restoresPenalties: false }),
};

/** Without any model its list is empty, and its status still there (omlx/server.py). */
async function identify(probe: Probe): Promise<boolean> {
  if ((await modelOwner(probe)) === "omlx") return true;
  const status = membersOf(await probe.get("/api/status"));
  return ["models_loaded", "active_requests", "waiting_requests"].every((name) => countIn(status[name]) !== undefined);
}
