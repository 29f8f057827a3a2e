import type { DialectName } from "../protocol/route.ts";
import { objectIn, objectsIn } from "../protocol/untrusted-json.ts";
import { asReceived } from "./as-received.ts";
import type { Capacity, Engine, Outgoing, OutgoingRequest, Probe } from "./engine.ts";
import { membersOf, modelOwner } from "./fingerprint.ts";
import { gaugesIn, sumIn } from "./gauges.ts";
import { healthAt } from "./health.ts";
import { openAiModels } from "./openai-models.ts";
import { resumeWith } from "./resume.ts";
import { withRunningUsage } from "./running-usage.ts";
import { slotCount } from "./slot-count.ts";

/** What the server makes of a request's `priority`: nothing, the larger the sooner, or the smaller the sooner. */
type PriorityUse = "unused" | "larger-first" | "smaller-first";

/** SGLang, of which nothing is known yet but its name: it is sent no priorities. */
export const sglang: Engine = sglangWith("unused");

function sglangWith(use: PriorityUse): Engine {
  return {
    name: "sglang",
    title: "SGLang",
    usualPorts: [30_000],
    stepAside: "resume",
    notes: [
      "An answer bound to a schema, offered tools or kept by a presence or frequency penalty starts over: none of these is restored when it continues.",
    ],
    identify,
    tuned: async (probe) => sglangWith(priorityUse(await serverInfo(probe))),
    capacity,
    // Not /health: that one generates a token, and takes a second or more for it.
    health: (probe) => healthAt(probe, "/model_info"),
    load,
    // What it tells is a picture of its last step.
    loadOnlyBesideWork: true,
    models: openAiModels,
    mayAbort: () => true,
    outgoing: (request) => withRunningUsage(request, withPriority(request, use)),
    // Its own task for closed connections sleeps two seconds first (tokenizer_manager.py, create_abort_task).
    cancelling: {
      ownName: (body) => body.text("rid"),
      name: (rid) => [{ set: "rid", value: rid }],
      call: ({ request: rid }) => ({ path: "/abort_request", body: { rid } }),
    },
    resume: resumeWith({
      flags: [{ set: "continue_final_message", value: true }],
      restoresGrammar: false,
      restoresPenalties: false,
      completionTokens: 16,
    }),
  };
}

/** The older names of its own routes are still served by newer versions, but not for ever (http_server.py). */
async function identify(probe: Probe): Promise<boolean> {
  if ((await modelOwner(probe)) === "sglang") return true;
  const info = await firstOf(probe, ["/model_info", "/get_model_info"]);
  return typeof info["model_path"] === "string" && typeof info["is_generation"] === "boolean";
}

async function capacity(probe: Probe): Promise<Capacity | undefined> {
  const perRank = objectsIn((await serverInfo(probe))["internal_states"]).map((state) =>
    slotCount(state["effective_max_running_requests_per_dp"]),
  );
  const slots = perRank.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  return slots === 0 ? undefined : { slots, source: "/server_info effective_max_running_requests_per_dp" };
}

/** Older versions tell by their metrics alone, if those are switched on (v1_loads.py, --enable-metrics). */
async function load(probe: Probe): Promise<number | undefined> {
  const { aggregate } = membersOf(await probe.get("/v1/loads?include=core"));
  const told = sumIn(objectIn(aggregate) ?? {}, ["total_running_reqs", "total_waiting_reqs"]);
  return told ?? gaugesIn(await probe.get("/metrics"), ["sglang:num_running_reqs", "sglang:num_queue_reqs"]);
}

type Info = Readonly<Record<string, unknown>>;

async function serverInfo(probe: Probe): Promise<Info> {
  return firstOf(probe, ["/server_info", "/get_server_info"]);
}

async function firstOf(probe: Probe, paths: readonly string[]): Promise<Info> {
  for (const path of paths) {
    const answer = await probe.get(path);
    if (answer === undefined || answer.status === 200) return membersOf(answer);
  }
  return {};
}

function priorityUse(info: Info): PriorityUse {
  if (info["enable_priority_scheduling"] !== true) return "unused";
  return info["schedule_low_priority_values_first"] === true ? "smaller-first" : "larger-first";
}

/** Dialects whose requests may have a priority. */
const TAKES_PRIORITY: ReadonlySet<DialectName> = new Set(["openai-chat", "openai-completions", "openai-embeddings"]);

const MAX_INT32 = 2 ** 31 - 1;

/**
 * A number in the body becomes what Headgate runs the request with, in the server's own direction and as a whole number. Anything
 * else there is taken out, as for a server that was not started with --enable-priority-scheduling (server_args.py; there also
 * --schedule-low-priority-values-first, which turns the direction round).
 */
function withPriority(request: OutgoingRequest, use: PriorityUse): Outgoing {
  const received = asReceived(request);
  const { route, facts, priority } = request;
  if (use === "unused" || typeof facts.priority !== "number" || !TAKES_PRIORITY.has(route.dialect)) return received;
  const whole = Math.max(-MAX_INT32, Math.min(MAX_INT32, Math.round(priority)));
  return { ...received, edits: [{ set: "priority", value: use === "smaller-first" ? whole : -whole }] };
}
