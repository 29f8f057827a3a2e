import type { IncomingHttpHeaders } from "node:http";
import { Priority } from "../gate/index.ts";
import { splitModelAlias } from "../protocol/model-alias.ts";
import { parsePriority, PRIORITY_HEADERS, serviceTierPriority } from "../protocol/priority.ts";
import type { RequestFacts } from "../protocol/request-facts.ts";
import { MAX_AGED_PRIORITY } from "./config/aged-priority.ts";
import type { GatewayConfig, RuleConfig } from "./config/types.ts";
import { firstRuleFor } from "./rules.ts";
import type { Visit } from "./visit.ts";

/** What a request is worth, and why. */
export interface Classification {
  readonly priority: number;
  /** Where it came from: "header x-headgate-priority", "path", "model alias", "rule 2" … */
  readonly source: string;
  /** The model's name without the alias. */
  readonly model: string | undefined;
  /** A priority name that nobody knows; the request went on to the next source. For a counter. */
  readonly unknown: string | undefined;
  /** The key's ceiling lowered what the request asked for. */
  readonly clamped: boolean;
}

/** What of a request can say something about its priority, besides its body. */
export type Claims = Pick<Visit, "request" | "identity" | "path" | "prefixPriority" | "listenerPriority">;

interface Verdict {
  readonly priority: number;
  readonly source: string;
}

/** What one place says: a priority, or a name that nobody knows, or nothing. */
interface Saying {
  readonly verdict?: Verdict | undefined;
  readonly unknown?: string | undefined;
}

/**
 * The priority of a request. The first that speaks decides: a header, the path prefix, a model alias, the body's `priority`, its
 * `service_tier`, the rules of the configuration, the key, the listener, the default. A key's ceiling can only lower the result. On
 * a gate with aging it lies within ±1e6, beyond which that gate takes none. Nothing here refuses a request.
 *
 * What is written for Headgate comes before what is written for any server, and a name is understood wherever it stands. A number
 * in the body's `priority` says nothing here: for some servers greater is sooner, so it is left to the engine's adapter.
 *
 * @param isModel - whether some server has a model of exactly that name: `text@001` may be one.
 */
export function classify(
  config: GatewayConfig,
  visit: Claims,
  facts: Pick<RequestFacts, "model" | "priority" | "serviceTier">,
  isModel: (name: string) => boolean = () => false,
): Classification {
  const { identity } = visit;
  const header = fromHeaders(visit.request.headers);
  const body = fromBody(facts.priority);
  const { model, priority: fromAlias } = nameOf(facts.model, isModel);
  const { priority: asked, source } = header.verdict ??
    verdictOf(visit.prefixPriority, "path") ??
    verdictOf(fromAlias, "model alias") ??
    body.verdict ??
    verdictOf(serviceTierPriority(facts.serviceTier), "service_tier") ??
    fromRules(config.rules, visit, model) ??
    verdictOf(identity.priority, "key") ??
    verdictOf(visit.listenerPriority, "listener") ?? { priority: config.defaultPriority, source: "default" };
  const priority = config.queue.agingMs === undefined ? asked : withinAging(asked);
  const { ceiling = -Infinity } = identity;
  const clamped = priority < ceiling;
  return {
    priority: clamped ? ceiling : priority,
    source: clamped ? `${source}, lowered by the key` : source,
    model,
    unknown: header.unknown ?? body.unknown,
    clamped,
  };
}

function withinAging(priority: number): number {
  return Math.min(Math.max(priority, -MAX_AGED_PRIORITY), MAX_AGED_PRIORITY);
}

function nameOf(
  asked: string | undefined,
  isModel: (name: string) => boolean,
): { readonly model: string | undefined; readonly priority?: number } {
  return asked === undefined || isModel(asked) ? { model: asked } : splitModelAlias(asked);
}

function verdictOf(priority: number | undefined, source: string): Verdict | undefined {
  return priority === undefined ? undefined : { priority, source };
}

function fromHeaders(headers: IncomingHttpHeaders): Saying {
  let unknown: string | undefined;
  for (const name of PRIORITY_HEADERS) {
    const value = headers[name];
    if (typeof value !== "string") continue;
    const parsed = parsePriority(value);
    if ("priority" in parsed) return { verdict: { priority: parsed.priority, source: `header ${name}` }, unknown };
    unknown ??= parsed.unknown;
  }
  return { unknown };
}

/** A name, or `true` for "this one first". `false` says only that it is nothing special. */
function fromBody(priority: RequestFacts["priority"]): Saying {
  if (priority === true) return { verdict: { priority: Priority.FOREGROUND, source: "body" } };
  if (typeof priority !== "string" || !Number.isNaN(Number(priority))) return {};
  const parsed = parsePriority(priority);
  return "priority" in parsed
    ? { verdict: { priority: parsed.priority, source: "body" } }
    : { unknown: parsed.unknown };
}

function fromRules(rules: readonly RuleConfig[], visit: Claims, model: string | undefined): Verdict | undefined {
  const index = firstRuleFor(rules, visit, model);
  return index === -1 ? undefined : { priority: rules[index]!.priority, source: `rule ${index + 1}` };
}
