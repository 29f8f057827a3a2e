import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { resolve } from "node:path";
import type { Complaint } from "./config-error.ts";
import { valueAt, withValueAt, type ConfigPath } from "./config-path.ts";
import type { Environment } from "./environment.ts";

/** Where secrets are looked up. */
export interface Lookup {
  readonly environment: Environment;
  /** The folder that a relative `file:PATH` at this place of the configuration starts from. */
  readonly folderOf: (path: ConfigPath) => string;
}

/** Values in which every secret that was `$NAME` or `file:PATH` stands itself, and those that could not be found. */
export interface Resolved {
  readonly values: unknown;
  readonly complaints: readonly Complaint[];
}

/** Puts secrets in the place of what refers to them. */
export function resolveSecrets(values: unknown, lookup: Lookup): Resolved {
  let resolved = values;
  const complaints: Complaint[] = [];
  for (const path of secretPaths(values)) {
    const text = valueAt(values, path);
    if (typeof text !== "string") continue;
    const found = lookUp(text, path, lookup);
    if ("secret" in found) resolved = withValueAt(resolved, path, found.secret);
    else complaints.push(found.complaint);
  }
  return { values: resolved, complaints };
}

function secretPaths(values: unknown): readonly ConfigPath[] {
  return [
    ...indexesAt(values, "keys").map((index) => ["keys", index, "key"]),
    ...indexesAt(values, "upstreams").map((index) => ["upstreams", index, "apiKey"]),
  ];
}

function indexesAt(values: unknown, name: string): readonly number[] {
  const list = valueAt(values, [name]);
  return Array.isArray(list) ? [...list.keys()] : [];
}

function lookUp(
  text: string,
  path: ConfigPath,
  { environment, folderOf }: Lookup,
): { readonly secret: string } | { readonly complaint: Complaint } {
  if (/^\$[A-Za-z_]\w*$/.test(text)) {
    const secret = environment[text.slice(1)];
    if (secret !== undefined && secret !== "") return { secret };
    // What is no usual name may be a secret that begins with a dollar.
    const name = /^\$[A-Z_]+$/.test(text) ? text : "an environment variable";
    const remedy = "set it, or use file:PATH; a secret that itself looks so can only stand in a file";
    return { complaint: { path, what: `names ${name}, which is not set`, remedy } };
  }
  if (!text.startsWith("file:")) return { secret: text };
  const file = resolve(
    folderOf(path),
    text.slice("file:".length).replace(/^~(?=\/)/, environment["HOME"] ?? homedir()),
  );
  try {
    return { secret: readFileSync(file, "utf8").trim() };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return {
      complaint: {
        path,
        what: `names ${file}, which cannot be read (${code})`,
        remedy: "name a file with the key as its only line",
      },
    };
  }
}
