import * as z from "zod";
import { Priority } from "../../gate/index.ts";
import type { GatewayConfig } from "./types.ts";

/** Longer timers fire at once on every platform (a signed 32-bit count of milliseconds): 24 days. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** `$NAME` and `file:PATH` are looked up when the configuration is loaded, so that no secret need stand in it. */
const SECRET = /^(?:\$[A-Za-z_]\w*|file:.+|[\x21-\x7e]{8,})$/;
const TOKEN = /^(?:\$[A-Za-z_]\w*|file:.+|[\x21-\x7e]+)$/;

/** Text of a form, with the words for what it must be. */
function worded(form: RegExp, words: string): z.ZodString {
  return z.string(words).regex(form, words);
}

// Defaults are `prefault`s, values as people write them: only so do they reach the JSON Schema through a transformation.
const priority = z.union([z.enum(["foreground", "background"]), z.number()]).transform((value) =>
  // Adding 0 makes -0 the 0 that it equals.
  value === "foreground" ? Priority.FOREGROUND : value === "background" ? Priority.BACKGROUND : value + 0,
);

const milliseconds = z.number().min(0).max(MAX_TIMER_MS);
const delay = z.number().min(1).max(MAX_TIMER_MS);
const count = z.int().min(0);
const text = z.string().min(1);

const listen = z.strictObject({
  host: worded(/^[^\s[\]/]+$/, "an address or a host name, such as 127.0.0.1 or ::1")
    .prefault("127.0.0.1")
    .describe("Address to listen on. Anything but loopback needs keys."),
  port: z.int().min(0).max(65_535).prefault(11_400).describe("0 takes a free port."),
  priority: priority.optional().describe("What comes in here has this priority unless it says otherwise."),
});

const models = z.strictObject({
  allow: z
    .array(text)
    .optional()
    .describe("Only these models are served and listed. Default: all that the server has."),
  alias: z.record(text, text).prefault({}).describe("Name that clients use: name that the server knows."),
  pin: text.optional().describe("Every request gets this model, whatever it names."),
});

const resume = z.strictObject({
  modelFolder: text
    .optional()
    .describe("mlx_lm: folder of its model; its chat template is rendered here, and tried before it is relied on."),
  stopStreams: z
    .boolean()
    .prefault(false)
    .describe("Ollama: stop streams too, although an aborted one can cost it its only slot (ollama/ollama#17131)."),
});

const upstream = z.strictObject({
  name: worded(/^[\w.:-]+$/, "letters, digits and . : _ -")
    .optional()
    .describe("For logs, metrics and the status page. Default: host and port of the URL."),
  url: z
    .url({ protocol: /^https?$/, error: "an http or https URL, such as http://127.0.0.1:8080" })
    .describe("Where the model server listens, without /v1: paths of requests are put behind it."),
  apiKey: worded(TOKEN, "a token without spaces, or $NAME of an environment variable, or file:PATH")
    .optional()
    .describe("Sent to the server instead of the client's own Authorization. $NAME or file:PATH keep it out of here."),
  capacity: z.int().min(1).optional().describe("Requests it works on at once. Default: what the server tells, else 1."),
  gate: text
    .optional()
    .describe("Servers of one gate share one GPU. Default: those on loopback share `local`, others have their own."),
  models: models.prefault({}).describe("Which models clients may ask for, and under which names."),
  preempt: z
    .boolean()
    .optional()
    .describe("Whether running background steps aside for a person here. Default: as preempt.enabled says."),
  resume: resume
    .optional()
    .describe("Ways to continue what stepped aside that are not right for every server of its kind. Default: none."),
});

const rule = z
  .strictObject({
    priority: priority.describe("What a request gets for which every condition of this rule holds."),
    key: text.optional().describe("Name of the key that the request came with."),
    path: text.optional().describe("Path, with * for any run of characters."),
    model: text.optional().describe("Model name, with * for any run of characters."),
    userAgent: text.optional().describe("Contained in the User-Agent, in any letter case."),
    header: z
      .record(text, z.string())
      .optional()
      .describe("Every header named here has this value, with * for any run of characters."),
  })
  .meta({ minProperties: 2 });

const key = z.strictObject({
  name: text
    .max(64)
    .describe("For logs, metrics and rules. Several keys may share a name, as while one replaces another."),
  key: worded(
    SECRET,
    "at least 8 characters without spaces, or $NAME of an environment variable, or file:PATH",
  ).describe("What clients send as bearer token, x-api-key or api-key. $NAME or file:PATH keep it out of here."),
  role: z.enum(["user", "admin"]).prefault("user").describe("admin may also pause, drain, resize and cancel."),
  priority: priority.optional().describe("Its requests have this priority unless they say otherwise."),
  ceiling: priority.optional().describe("Nothing it sends is sooner than this, whatever it says."),
  maxWaitMs: milliseconds.optional().describe("Its requests wait this long at most."),
});

const foregroundLane = z.strictObject({
  maxWaiting: count.optional().describe("Foreground requests that may wait; more are answered 429 queue_full."),
  maxWaitMs: milliseconds.optional().describe("How long one may wait; then it is answered 429 queue_timeout."),
});

const backgroundLane = z.strictObject({
  maxWaiting: count.optional().describe("Background requests that may wait; more are answered 429 queue_full."),
  maxWaitMs: milliseconds.optional().describe("How long one may wait; then it is answered 429 queue_timeout."),
});

const queue = z.strictObject({
  maxWaiting: count
    .prefault(10_000)
    .describe("Requests that may wait at one gate. In a full queue a sooner newcomer displaces the last waiter."),
  foregroundUpTo: priority
    .prefault("foreground")
    .describe("Up to this number a request is a person's: for lanes, reserved slots, pauses and metrics."),
  foreground: foregroundLane.prefault({}).describe("Limits for the foreground alone."),
  background: backgroundLane.prefault({}).describe("Limits for everything else."),
  reserved: count.prefault(0).describe("Slots that background can never take. It needs at least one besides them."),
  beside: z
    .enum(["pause", "share"])
    .prefault("pause")
    .describe("Whether background starts beside a running foreground request when there are slots for both."),
  idleGraceMs: milliseconds
    .prefault(0)
    .describe("Keep the slots for the foreground this long after its last request: the next turn of a talk."),
  idleGraceGuardMs: milliseconds.prefault(60_000).describe("Background that has waited this long ends such a grace."),
  agingMs: delay
    .optional()
    .describe(
      "Background is overtaken only by foreground that came less than this after it; priorities must then lie within " +
        "1000000 of 0. Default: the foreground always goes first.",
    ),
  groupByModel: count
    .max(1000)
    .prefault(8)
    .describe(
      "Where a server changes models on demand: how many requests for one model may go before an earlier one of the same " +
        "priority for another model, so that it changes less often. 0: never. Not with agingMs.",
    ),
  starvationWarnMs: delay.prefault(300_000).describe("A request that has waited this long raises a warning, once."),
  heartbeatAfterMs: delay.prefault(15_000).describe("A streaming client that waits hears something this often."),
  heartbeatForm: z
    .enum(["comment", "delta", "none"])
    .prefault("comment")
    .describe("What it hears: an SSE comment, an empty delta for clients that choke on comments, or nothing."),
});

const preempt = z.strictObject({
  enabled: z
    .boolean()
    .prefault(false)
    .describe("Running background steps aside for sooner requests and continues later, unnoticed by its client."),
  minRunMs: milliseconds.prefault(100).describe("A run is not stopped before this."),
  maxRestarts: count
    .prefault(3)
    .describe("A request of which nothing was delivered may be begun anew this often; then it runs to its end."),
  maxParkedMs: delay.prefault(300_000).describe("Who stood aside for this long in all goes first and runs to its end."),
  freeWithinMs: delay
    .prefault(30_000)
    .describe("A server that has not freed a slot this long after an abort is not asked to stop work any more."),
});

const limits = z.strictObject({
  bodyBytes: z
    .int()
    .min(1)
    .prefault(100 * 1024 * 1024)
    .describe("The largest request body."),
  queuedBodyBytes: count
    .prefault(512 * 1024 * 1024)
    .describe("All waiting bodies in memory together. What comes on top waits in a temporary folder on disk."),
  headersTimeoutMs: delay.prefault(30_000).describe("How long a client may take to send its request head."),
  shutdownMs: milliseconds.prefault(30_000).describe("How long a shutdown lets running and waiting requests go on."),
});

const bytes = z.int().min(1);

const batches = z.strictObject({
  enabled: z
    .boolean()
    .prefault(true)
    .describe("Whether /v1/files and /v1/batches are answered here, or by the model server like any other route."),
  maxInputBytes: bytes.prefault(200 * 1024 * 1024).describe("The largest file with purpose batch."),
  maxFileBytes: bytes.prefault(512 * 1024 * 1024).describe("The largest of any other file."),
  maxLines: z.int().min(1).prefault(50_000).describe("Requests in one batch; for embeddings also inputs in all."),
  maxLineBytes: bytes.prefault(16 * 1024 * 1024).describe("The longest line of such a file."),
  maxAttempts: z
    .int()
    .min(1)
    .prefault(20)
    .describe("A line at which the model server failed so often keeps its failure; while no server is up none counts."),
  retentionDays: z
    .number()
    .min(1)
    .max(3_650)
    .prefault(30)
    .describe("Input files, output files and ended batches stay so long, unless their owner says otherwise."),
  oneModel: z.boolean().prefault(false).describe("Refuse batches whose lines name several models, as OpenAI does."),
});

const log = z.strictObject({
  level: z.enum(["debug", "info", "warn", "error", "silent"]).prefault("info").describe("The least that is logged."),
  form: z.enum(["auto", "json", "text"]).prefault("auto").describe("auto is text on a terminal and JSON elsewhere."),
});

const config = z.strictObject({
  listen: z.array(listen).min(1).prefault([{}]).describe("Where clients come in. May be several."),
  upstreams: z
    .array(upstream)
    .prefault([])
    .describe("The model servers. Default: those of this machine are found on their usual ports."),
  discover: z
    .boolean()
    .optional()
    .describe("Look for model servers on this machine. Default: only when no upstream is named."),
  simulate: z
    .boolean()
    .prefault(false)
    .describe("Answer with a simulated model, clearly labelled, while no server is found."),
  defaultPriority: priority
    .prefault("background")
    .describe(
      "foreground (0), background (100) or any number; smaller is sooner. For requests that nothing else decides.",
    ),
  rules: z
    .array(rule)
    .prefault([])
    .describe("The first rule whose every condition holds gives a request its priority."),
  keys: z.array(key).prefault([]).describe("Who may call. Without keys everybody may who reaches the gateway."),
  allowedHosts: z
    .array(worded(/^[^\s/]+$/, "a host name without http:// and path, such as ai.example.org"))
    .prefault([])
    .describe("Host names accepted besides those of this machine; *.example.org takes all below it, * takes any."),
  allowedOrigins: z
    .array(worded(/^\S+$/, "an origin, such as https://chat.example.org"))
    .prefault([])
    .describe("Web pages that may call besides those of this machine, such as https://chat.example.org; * takes any."),
  queue: queue.prefault({}).describe("Who waits, how long, and who goes next."),
  preempt: preempt.prefault({}).describe("Whether running work steps aside."),
  limits: limits.prefault({}).describe("Sizes and times."),
  data: text
    .optional()
    .describe(
      "Folder for files and batches, made at their first use, on a local disk. Default of `headgate serve`: the platform's usual place, " +
        "such as ~/.local/share/headgate.",
    ),
  batches: batches.prefault({}).describe("Durable batches: OpenAI's Batch API."),
  log: log.prefault({}).describe("What is written about it all."),
});

/** `T` with every member there and read-only, so that two shapes compare whatever their modifiers. */
type Shape<T> = T extends readonly (infer Item)[]
  ? readonly Shape<Item>[]
  : T extends object
    ? { readonly [Name in keyof T]-?: Shape<T[Name]> }
    : T;
/** `unknown`, which everything satisfies, if `A` and `B` are of one shape; else `never`. */
type IfSame<A, B> = [Shape<A>] extends [Shape<B>] ? ([Shape<B>] extends [Shape<A>] ? unknown : never) : never;

/**
 * Everything that can be configured, with its default and its meaning. Reads values as people write them and returns a
 * {@link GatewayConfig}; an option that stands in only one of the two does not compile.
 */
export const configSchema: z.ZodType<GatewayConfig> = config satisfies IfSame<z.output<typeof config>, GatewayConfig>;
