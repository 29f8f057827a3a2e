import type { IncomingHttpHeaders } from "node:http";
import { splitModelAlias } from "../protocol/model-alias.ts";
import { parsePriority, PRIORITY_HEADERS, serviceTierPriority } from "../protocol/priority.ts";
import type { RequestFacts } from "../protocol/request-facts.ts";
import type { GatewayConfig, RuleConfig } from "./config/types.ts";
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

/** What of a request can say something about its priority. */
export type Claims = Pick<Visit, "request" | "identity" | "path" | "prefixPriority" | "listenerPriority">;

interface Verdict {
  readonly priority: number;
  readonly source: string;
}

/**
 * The priority of a request. The first that speaks decides: a header, the path prefix, a model alias, `service_tier`, the rules of the
 * configuration, the key, the listener, the default. A key's ceiling can only lower the result. Nothing here refuses a request.
 *
 * @param isModel - whether some server has a model of exactly that name: `text@001` may be one.
 */
export function classify(
  config: GatewayConfig,
  visit: Claims,
  facts: Pick<RequestFacts, "model" | "serviceTier">,
  isModel: (name: string) => boolean = () => false,
): Classification {
  const { identity } = visit;
  const header = fromHeaders(visit.request.headers);
  const { model, priority: fromAlias } = nameOf(facts.model, isModel);
  const tier = serviceTierPriority(facts.serviceTier);
  const verdict = header.verdict ??
    verdictOf(visit.prefixPriority, "path") ??
    verdictOf(fromAlias, "model alias") ??
    verdictOf(tier, "service_tier") ??
    fromRules(config.rules, visit, model) ??
    verdictOf(identity.priority, "key") ??
    verdictOf(visit.listenerPriority, "listener") ?? { priority: config.defaultPriority, source: "default" };
  const { ceiling } = identity;
  const clamped = ceiling !== undefined && verdict.priority < ceiling;
  return {
    priority: clamped ? ceiling : verdict.priority,
    source: clamped ? `${verdict.source}, lowered by the key` : verdict.source,
    model,
    unknown: header.unknown,
    clamped,
  };
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

function fromHeaders(headers: IncomingHttpHeaders): { verdict?: Verdict; unknown?: string | undefined } {
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

function fromRules(rules: readonly RuleConfig[], visit: Claims, model: string | undefined): Verdict | undefined {
  const index = rules.findIndex((rule) => holds(rule, visit, model));
  return index === -1 ? undefined : { priority: rules[index]!.priority, source: `rule ${index + 1}` };
}

function holds(rule: RuleConfig, visit: Claims, model: string | undefined): boolean {
  const { headers } = visit.request;
  if (rule.key !== undefined && rule.key !== visit.identity.client) return false;
  if (rule.path !== undefined && !matches(rule.path, visit.path)) return false;
  if (rule.model !== undefined && !matches(rule.model, model)) return false;
  const agent = headers["user-agent"]?.toLowerCase() ?? "";
  if (rule.userAgent !== undefined && !agent.includes(rule.userAgent.toLowerCase())) return false;
  return Object.entries(rule.header ?? {}).every(([name, value]) =>
    matches(value, headers[name.toLowerCase()]?.toString()),
  );
}

/** `*` stands for any run of characters; everything else for itself, case included. */
function matches(pattern: string, text: string | undefined): boolean {
  if (text === undefined) return false;
  const [first = "", ...rest] = pattern.split("*");
  if (rest.length === 0) return text === pattern;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  const last = rest.pop()!;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
