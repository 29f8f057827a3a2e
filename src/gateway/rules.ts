import type { RuleConfig } from "./config/types.ts";
import type { Visit } from "./visit.ts";

/** What a rule looks at, besides the model. */
type Subject = Pick<Visit, "request" | "identity" | "path">;

/**
 * The place among `rules`, from 0, of the first whose every condition holds; -1 when there is none.
 *
 * @param model - the model's name, without a priority behind it.
 */
export function firstRuleFor(rules: readonly RuleConfig[], subject: Subject, model: string | undefined): number {
  return rules.findIndex((rule) => holds(rule, subject, model));
}

function holds(rule: RuleConfig, { request, identity, path }: Subject, model: string | undefined): boolean {
  const { headers } = request;
  if (rule.key !== undefined && rule.key !== identity.client) return false;
  if (rule.path !== undefined && !matches(rule.path, path)) return false;
  if (rule.model !== undefined && !matches(rule.model, model)) return false;
  const agent = headers["user-agent"]?.toLowerCase() ?? "";
  if (rule.userAgent !== undefined && !agent.includes(rule.userAgent.toLowerCase())) return false;
  return Object.entries(rule.header ?? {}).every(([name, value]) =>
    matches(value, headers[name.toLowerCase()]?.toString()),
  );
}

/**
 * `*` stands for any run of characters, of none too; everything else for itself, case included. In time proportional to the text,
 * whatever the pattern: every part is looked for once, as far to the left as it can be.
 */
function matches(pattern: string, text: string | undefined): boolean {
  if (text === undefined) return false;
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return text === pattern;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
