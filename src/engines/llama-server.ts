import { aggregatesExactly } from "../protocol/aggregate.ts";
import type { Hidden } from "../protocol/hide.ts";
import { countIn, objectIn, objectsIn } from "../protocol/untrusted-json.ts";
import { CONTINUABLE } from "../protocol/said.ts";
import type { DialectName } from "../protocol/route.ts";
import type { Edit } from "../protocol/splice.ts";
import { withoutPriority } from "./as-received.ts";
import type { Capacity, Engine, Outgoing, OutgoingRequest, Probe } from "./engine.ts";
import { membersOf, modelOwner, usualHeader } from "./fingerprint.ts";
import { llamaRawResume, llamaWaysOn } from "./llama-raw.ts";
import { gaugesIn } from "./gauges.ts";
import { healthAt } from "./health.ts";
import { openAiModels } from "./openai-models.ts";
import { CONTINUE_LAST, resumeWith } from "./resume.ts";
import { slotCount } from "./slot-count.ts";

/** llama.cpp's server, which stops a streamed answer within one token and continues it later from its cache. */
export const llamaServer: Engine = {
  name: "llama-server",
  title: "llama.cpp llama-server",
  // 8080 is announced to move (ggml-org/llama.cpp#26508).
  usualPorts: [8080, 9931],
  stepAside: "resume",
  notes: [
    "Advice: run it with -np 1 -b 256 -ub 256. It finishes the batch of the prompt that it is reading before it stops, and a batch of 2048 tokens takes seconds.",
    "A request with tools, logprobs or several answers that is not streamed stops up to a second late, and later still while other slots are busy.",
    "A router of several models does not tell its slots: it counts as one slot unless its capacity is configured.",
  ],
  identify,
  capacity,
  health: (probe) => healthAt(probe, "/health"),
  load,
  // The question wakes it up, or keeps it from falling asleep (--sleep-idle-seconds).
  loadOnlyBesideWork: true,
  models: openAiModels,
  mayAbort: () => true,
  outgoing,
  // Both flags, or it refuses (server-common.cpp); a grammar is fed what was said, so it holds for the rest too.
  resume: resumeWith({
    flags: CONTINUE_LAST,
    reasoning: "reasoning_content",
    restoresGrammar: true,
    restoresPenalties: true,
  }),
  rawResume: llamaRawResume,
  waysOn: llamaWaysOn,
  contextTokens,
};

/**
 * Every answer has `Server: llama.cpp`, those while it loads too. Behind a proxy that writes its own name there, the list of
 * models and the error while loading still tell (tools/server: server-http.cpp, server-context.cpp).
 */
async function identify(probe: Probe): Promise<boolean> {
  if (/\bllama\.cpp\b/.test(await usualHeader(probe, "server"))) return true;
  if ((await modelOwner(probe)) === "llamacpp") return true;
  const loading = await probe.get("/v1/models");
  const error = loading?.status === 503 ? objectIn(objectIn(loading.json)?.["error"]) : undefined;
  return error?.["type"] === "unavailable_error" && error["message"] === "Loading model";
}

async function capacity(probe: Probe): Promise<Capacity | undefined> {
  const slots = slotCount(membersOf(await probe.get("/props"))["total_slots"]);
  return slots === undefined ? undefined : { slots, source: "/props total_slots" };
}

/**
 * By its metrics if they are switched on (--metrics). Its slots, which are shown unless that is switched off (--no-slots), do not
 * tell who waits. Each answer puts off its look for closed connections by a second (server-queue.cpp, recv_with_timeout), so this
 * is not to be asked often.
 */
async function load(probe: Probe): Promise<number | undefined> {
  const told = gaugesIn(await probe.get("/metrics"), ["llamacpp:requests_processing", "llamacpp:requests_deferred"]);
  if (told !== undefined) return told;
  const slots = await probe.get("/slots");
  if (slots?.status !== 200 || !Array.isArray(slots.json)) return undefined;
  return objectsIn(slots.json).filter((slot) => slot["is_processing"] === true).length;
}

/** Of one slot. */
async function contextTokens(probe: Probe): Promise<number | undefined> {
  const settings = objectIn(membersOf(await probe.get("/props"))["default_generation_settings"]);
  return countIn(settings?.["n_ctx"]);
}

function outgoing(request: OutgoingRequest): Outgoing {
  const forceStream = isBetterStreamed(request);
  const asked = request.facts.stream || forceStream ? streamEdits(request, forceStream) : NOTHING_ASKED;
  return {
    edits: [...withoutPriority(request), ...asked.edits],
    // Makes the stream resumable: a generation with this header goes on when its connection is closed (ggml-org/llama.cpp#23226).
    dropHeaders: ["x-conversation-id"],
    forceStream,
    hide: asked.hide,
  };
}

/**
 * Whether a client that does not stream is better served by a stream that is put together again.
 *
 * A stream stops within a token of being closed. Without one the server looks once a second whether the client is still there,
 * and starts that second anew whenever another slot has something to say: with one other stream running it takes many seconds
 * (server-queue.cpp, recv_with_timeout; ggml-org/llama.cpp#13262).
 *
 * Only where the parts make exactly the whole. Several answers are a list in some forms and choices in others. A stream of tool calls
 * can fail where the whole answer is parsed well ("Invalid diff", ggml-org/llama.cpp#13876, #15713). The native API leaves
 * fields out, or adds them, on request.
 */
function isBetterStreamed({ route, facts, body }: OutgoingRequest): boolean {
  if (facts.stream || body === undefined || !aggregatesExactly(route.dialect, facts)) return false;
  if (facts.n > 1 || facts.tools) return false;
  if (route.dialect !== "llama-completion") return true;
  return (
    body.kind("prompt") !== "list" && body.kind("response_fields") === undefined && body.flag("return_tokens") !== true
  );
}

interface Asked {
  readonly edits: readonly Edit[];
  readonly hide: readonly Hidden[];
}

const NOTHING_ASKED: Asked = { edits: [], hide: [] };

/** Dialects that have a form for the progress of a prompt (server-task.cpp, to_json of a partial result). */
const SHOWS_PROGRESS: ReadonlySet<DialectName> = new Set([
  "openai-chat",
  "openai-completions",
  "openai-responses",
  "llama-completion",
]);

/**
 * What a stream is asked to tell for Headgate's sake.
 *
 * Its progress, because every batch of the prompt then writes something, and a closed connection is noticed between two batches
 * rather than at the end of the prompt. Not its usage: the last chunk has `timings` unasked, which count the same tokens, and
 * with usage they would move into a chunk of its own. Only a stream that stands for a whole chat answer needs the usage, which
 * that answer always has.
 */
function streamEdits(request: OutgoingRequest, forceStream: boolean): Asked {
  const { route, facts, body, parkable } = request;
  const edits: Edit[] = [];
  if (forceStream) edits.push({ set: "stream", value: true });
  if (forceStream && route.dialect === "openai-chat" && !facts.includeUsage) {
    edits.push({ set: ["stream_options", "include_usage"], value: true });
  }
  if (!SHOWS_PROGRESS.has(route.dialect)) return { edits, hide: [] };
  const hide: Hidden[] = [];
  if (body?.flag("return_progress") !== true) edits.push({ set: "return_progress", value: true });
  if (body?.flag("return_progress") !== true || forceStream) hide.push("progress");
  // Some tokens come without a piece of text, and some pieces hold several: only the engine knows how many are left.
  if (parkable && CONTINUABLE.has(route.dialect) && body?.flag("timings_per_token") !== true) {
    edits.push({ set: "timings_per_token", value: true });
    hide.push("timings");
  }
  return { edits, hide };
}
