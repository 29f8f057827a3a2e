import type * as z from "zod";
import type { Complaint } from "./config-error.ts";
import { valueAt, type ConfigPath } from "./config-path.ts";
import { nearestName } from "./nearest-name.ts";
import { expectation, nodeAt } from "./schema-node.ts";

type Issue = z.core.$ZodIssue;

/** More names than this are no help. */
const MAX_NAMES = 12;

/** What the schema found wrong with `values`, in words of the configuration rather than of the schema. */
export function complaintsOf(issues: readonly Issue[], values: unknown): readonly Complaint[] {
  return issues.flatMap((issue) => complaintsOfOne(issue, values));
}

function complaintsOfOne(issue: Issue, values: unknown): readonly Complaint[] {
  const path = issue.path as ConfigPath;
  if (issue.code === "unrecognized_keys") return issue.keys.map((name) => unknownName(path, name));
  const value = valueAt(values, path);
  const expected = expectedBy(issue, path);
  return [value === undefined ? { path, what: "is missing", expected } : { path, value, expected }];
}

function unknownName(path: ConfigPath, name: string): Complaint {
  const names = Object.keys(nodeAt(path)?.properties ?? {});
  const meant = nearestName(name, names);
  if (meant !== undefined) return { path: [...path, name], what: "unknown", remedy: `did you mean ${meant}?` };
  const remedy = names.length > MAX_NAMES ? "" : `there are ${names.join(", ")}`;
  // A name that resembles none may be a key itself, in the wrong place.
  if (path[0] === "keys") return { path, what: "has a member that is not known", remedy };
  return { path: [...path, name], what: "unknown", remedy };
}

function expectedBy(issue: Issue, path: ConfigPath): string {
  const node = nodeAt(path) ?? {};
  // Other messages are words that the schema was given for this option.
  if (!/^(?:Invalid|Too) /.test(issue.message)) return issue.message;
  if (issue.code === "too_small" && issue.origin === "string") return "text that is not empty";
  if (issue.code === "too_big" && issue.origin === "string") return `text of at most ${issue.maximum} characters`;
  if (issue.code === "too_small" && issue.origin === "array") return "a list of at least one";
  return expectation(node, path);
}
