import type { FastifyInstance } from "fastify";
import * as z from "zod";
import { parsePriority } from "../../protocol/priority.ts";
import { Refused } from "../refused.ts";

/** Longer timers fire at once (a signed 32-bit count of milliseconds). */
const MAX_TIMER_MS = 2 ** 31 - 1;
const MAX_LABEL = 200;

// Every message says what the field takes: the rest of the complaint is put around it.
const PRIORITY = '"foreground", "background" or a number, smaller is sooner';
const TIMEOUT = `milliseconds from 0 to ${MAX_TIMER_MS}`;
const LABEL = `a text of at most ${MAX_LABEL} characters`;

/** A priority as people write it. */
export const wishedPriority: z.ZodType<number> = z
  .union([z.number(), z.string()], PRIORITY)
  .transform((value, context) => {
    const parsed = typeof value === "number" ? { priority: value } : parsePriority(value);
    // Adding 0 makes -0 the 0 that it equals.
    if ("priority" in parsed) return parsed.priority + 0;
    context.issues.push({ code: "custom", input: value, message: PRIORITY });
    return z.NEVER;
  });
const timeoutMs = z.number(TIMEOUT).min(0, TIMEOUT).max(MAX_TIMER_MS, TIMEOUT);

/** The body of `POST /headgate/permits`. */
export interface PermitWish {
  readonly priority?: number | undefined;
  /** For status, events and errors. */
  readonly label?: string | undefined;
  /** How long to wait at most. */
  readonly timeoutMs?: number | undefined;
  readonly preemptible: boolean;
}

export const permitWish: z.ZodType<PermitWish> = z.strictObject({
  priority: wishedPriority.optional(),
  label: z.string(LABEL).max(MAX_LABEL, LABEL).optional(),
  timeoutMs: timeoutMs.optional(),
  preemptible: z.boolean("true or false").prefault(false),
});

/** The body of `POST /headgate/permits/{id}/yield`. */
export interface YieldWish {
  readonly timeoutMs?: number | undefined;
}

export const yieldWish: z.ZodType<YieldWish> = z.strictObject({ timeoutMs: timeoutMs.optional() });

/** Lets the routes of `app` name such a schema for their body; they get what {@link readWish} makes of it. */
export function checkWishes(app: FastifyInstance): void {
  app.setValidatorCompiler<z.ZodType>(({ schema }) => (body: unknown) => {
    try {
      return { value: readWish(schema, body) };
    } catch (error) {
      return { error: error as Error };
    }
  });
}

/**
 * The body as `schema` reads it; no body is an empty object.
 *
 * @throws {Refused} 400 that names the field, what it got and what it takes.
 */
function readWish<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body ?? {});
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const param = issue.path.join(".");
  const message = complaint(issue, param, body);
  throw new Refused("refused", { status: 400, code: "invalid_request", message, ...(param !== "" && { param }) });
}

function complaint(issue: z.core.$ZodIssue, param: string, body: unknown): string {
  if (issue.code === "unrecognized_keys") return `unknown field ${issue.keys.join(", ")}; leave it out`;
  if (param === "") return `the body must be a JSON object; got ${JSON.stringify(body)}`;
  const value = (body as Readonly<Record<string, unknown>>)[param];
  return `${param} must be ${issue.message}; got ${JSON.stringify(value)}`;
}
