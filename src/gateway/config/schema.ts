import * as z from "zod";
import { DEFAULT_PRIORITY, Priority } from "../../gate/index.ts";

/** A name or a number; smaller is sooner. */
const priority = z
  .union([z.number(), z.enum(["foreground", "background"])])
  .transform((value) =>
    value === "foreground" ? Priority.FOREGROUND : value === "background" ? Priority.BACKGROUND : value,
  )
  .describe("foreground (0), background (100), or any finite number; smaller is sooner");

const milliseconds = z.number().min(0);
const count = z.int().min(0);

const laneSchema = z.strictObject({
  maxWaiting: count.optional().describe("Waiters of this class at most; more are answered 429 queue_full"),
  maxWaitMs: milliseconds.optional().describe("A waiter of this class is answered 429 queue_timeout after this long"),
});

const listenSchema = z.strictObject({
  host: z.string().default("127.0.0.1").describe("Anything but loopback needs keys"),
  port: z.int().min(0).max(65_535).default(11_400).describe("0 takes a free port"),
  priority: priority.optional().describe("What comes in here has this priority unless it says otherwise"),
});

const upstreamSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[\w.-]+$/)
    .optional()
    .describe("Default: host and port"),
  url: z.url({ protocol: /^https?$/ }).describe("Where the model server listens"),
  engine: z.string().optional().describe("Which server it is; default: found out by asking it"),
  apiKey: z.string().optional().describe("Sent instead of the client's own Authorization"),
  capacity: z.int().min(1).optional().describe("Requests it works on at once; default: what it tells, else 1"),
  gate: z
    .string()
    .optional()
    .describe("Upstreams of one gate share one GPU; loopback upstreams share the gate `local` unless told apart"),
  models: z
    .strictObject({
      allow: z.array(z.string()).optional().describe("Only these are served and listed"),
      alias: z.record(z.string(), z.string()).default({}).describe("Name that clients use: name that the server knows"),
      pin: z.string().optional().describe("Every request gets this model, whatever it names"),
    })
    .prefault({}),
});

const ruleSchema = z
  .strictObject({
    priority: priority,
    key: z.string().optional().describe("Name of the key"),
    path: z.string().optional().describe("Path, with * for any run of characters"),
    model: z.string().optional().describe("Model name, with * for any run of characters"),
    userAgent: z.string().optional().describe("Contained in the User-Agent, case ignored"),
    header: z.record(z.string(), z.string()).optional().describe("Every header named has this value; * for any"),
  })
  .describe("The first rule whose every condition holds gives the priority");

const keySchema = z.strictObject({
  name: z.string().min(1).describe("For logs and rules; never the key itself"),
  key: z.string().min(8).describe("The secret that clients send as bearer token or x-api-key"),
  role: z.enum(["user", "admin"]).default("user").describe("admin may pause, drain, resize and cancel"),
  priority: priority.optional().describe("Its requests have this priority unless they say otherwise"),
  ceiling: priority.optional().describe("Nothing it sends is sooner than this"),
  maxWaitMs: milliseconds.optional(),
});

/** Everything that can be configured, with its default. The JSON Schema and the reference are made from this. */
export const configSchema = z.strictObject({
  listen: z
    .array(listenSchema)
    .min(1)
    .default([{ host: "127.0.0.1", port: 11_400 }]),
  upstreams: z.array(upstreamSchema).default([]).describe("Default: local servers are looked for on their usual ports"),
  discover: z.boolean().optional().describe("Look for local servers; default: only when no upstream is named"),
  simulate: z
    .boolean()
    .default(false)
    .describe("Answer with a simulated model, clearly labelled, when no server is found"),
  defaultPriority: priority.default(DEFAULT_PRIORITY),
  rules: z.array(ruleSchema).default([]),
  keys: z.array(keySchema).default([]),
  allowedHosts: z.array(z.string()).default([]).describe("Host names accepted besides loopback and this machine's own"),
  allowedOrigins: z
    .array(z.string())
    .default([])
    .describe("Web pages of these origins may call, besides the gateway's own"),
  queue: z
    .strictObject({
      maxWaiting: count.default(10_000).describe("A sooner newcomer displaces the last waiter of a full queue"),
      foregroundUpTo: priority.default(Priority.FOREGROUND).describe("Up to this number a request is a person's"),
      foreground: laneSchema.prefault({}),
      background: laneSchema.prefault({}),
      reserved: count.default(0).describe("Slots that background can never take"),
      beside: z
        .enum(["pause", "share"])
        .default("pause")
        .describe("Whether background starts beside a running foreground request"),
      idleGraceMs: milliseconds
        .default(0)
        .describe("Keep the slots for the foreground this long after its last request"),
      idleGraceGuardMs: milliseconds.default(60_000).describe("Background that has waited this long ends a grace"),
      agingMs: milliseconds
        .min(1)
        .optional()
        .describe("Background is overtaken only by foreground that came less than this after it"),
      starvationWarnMs: milliseconds.min(1).default(300_000),
      heartbeatAfterMs: milliseconds.min(1).default(15_000),
      heartbeatForm: z.enum(["comment", "delta", "none"]).default("comment"),
    })
    .prefault({}),
  limits: z
    .strictObject({
      bodyBytes: z
        .int()
        .min(1)
        .default(100 * 1024 * 1024),
      queuedBodyBytes: z
        .int()
        .min(0)
        .default(512 * 1024 * 1024)
        .describe("All waiting bodies in memory; the rest goes to disk"),
      headersTimeoutMs: milliseconds.min(1).default(30_000),
      shutdownMs: milliseconds.default(30_000).describe("How long a shutdown waits for running requests"),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z.enum(["debug", "info", "warn", "error", "silent"]).default("info"),
      form: z.enum(["auto", "json", "text"]).default("auto").describe("auto: text on a terminal, JSON elsewhere"),
    })
    .prefault({}),
});

/** A complete configuration: every default filled in. */
export type GatewayConfig = z.infer<typeof configSchema>;
export type UpstreamConfig = GatewayConfig["upstreams"][number];
export type KeyConfig = GatewayConfig["keys"][number];
export type RuleConfig = GatewayConfig["rules"][number];
export type ListenConfig = GatewayConfig["listen"][number];
