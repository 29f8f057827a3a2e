import { Priority } from "../gate/index.ts";

/** The words for the two priorities that everybody needs; the aliases are those of other gateways. */
const NAMES: ReadonlyMap<string, number> = new Map([
  ["foreground", Priority.FOREGROUND],
  ["interactive", Priority.FOREGROUND],
  ["high", Priority.FOREGROUND],
  ["realtime", Priority.FOREGROUND],
  ["user", Priority.FOREGROUND],
  ["background", Priority.BACKGROUND],
  ["batch", Priority.BACKGROUND],
  ["bulk", Priority.BACKGROUND],
  ["low", Priority.BACKGROUND],
]);

/** The headers that may carry a request's priority, the first that is there counts. In lower case. */
export const PRIORITY_HEADERS: readonly string[] = [
  "x-headgate-priority",
  // inference-gate and others.
  "x-priority",
  // ollama-queue-proxy.
  "x-queue-priority",
  // quarkus-gpu-broker.
  "x-job-priority",
  // SGLang Model Gateway.
  "x-smg-priority",
];

/** A decimal number as JSON spells it, or with a plus sign or a bare point: no hexadecimal, no "Infinity", no empty text. */
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/**
 * Reads a priority as people write it: a name in any letter case, or a finite number, smaller is sooner. Anything else is
 * `unknown`, in the words of the client: it gets the default and a counter, never an error.
 */
export function parsePriority(text: string): { readonly priority: number } | { readonly unknown: string } {
  const word = text.trim().toLowerCase();
  const named = NAMES.get(word);
  if (named !== undefined) return { priority: named };
  // Adding 0 makes -0 the 0 that it equals.
  const priority = DECIMAL.test(word) ? Number(word) + 0 : NaN;
  return Number.isFinite(priority) ? { priority } : { unknown: text };
}

/** What OpenAI's `service_tier` says about priority: `flex` may wait, `priority` must not, any other tier says nothing. */
export function serviceTierPriority(tier: string | undefined): number | undefined {
  if (tier === "flex") return Priority.BACKGROUND;
  return tier === "priority" ? Priority.FOREGROUND : undefined;
}
