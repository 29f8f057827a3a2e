import { readFileSync } from "node:fs";
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from "yaml";
import { ConfigError, problemOf } from "./config-error.ts";
import type { ConfigPath } from "./config-path.ts";

/** A configuration file as it was read. */
export interface ConfigFile {
  /** As the user named it, for messages. */
  readonly name: string;
  readonly values: unknown;
  /** The line, from 1, on which `path` stands, or the nearest thing around it that does. */
  lineOf(path: ConfigPath): number;
}

/**
 * Reads a YAML 1.2 file (JSON is YAML too).
 *
 * @param name - the file as the user knows it.
 * @returns `undefined` when there is no such file.
 * @throws {ConfigError} when it cannot be read, or is not well-formed; with every line that is not.
 */
export function readConfigFile(path: string, name: string): ConfigFile | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code = "unknown error" } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    throw new ConfigError([problemOf({ source: name }, { path: [], what: `cannot be read (${code})` })]);
  }
  return parseConfigFile(text, name);
}

/** @throws {ConfigError} when `text` is not well-formed. */
export function parseConfigFile(text: string, name: string): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  // A tag or a directive that is not understood is only a warning to the library, and yet changes what was meant.
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    throw new ConfigError(
      faults.map(({ message, pos: [offset] }) =>
        problemOf(
          { source: name, line: lines.linePos(offset).line },
          { path: [], what: `not YAML: ${plain(message)}` },
        ),
      ),
    );
  }
  return { name, values: dataOf(document, name), lineOf: (path) => lineOf(document, lines, path) };
}

/** Without the text that the library quotes: it may be a secret. */
function plain(message: string): string {
  const [sentence = ""] = message.split(/: (?!in )|; please use/, 1);
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}

function dataOf(document: Document, name: string): unknown {
  try {
    return document.toJS();
  } catch {
    const what = "not YAML: an alias (*name) has no anchor (&name) before it, or there are too many";
    throw new ConfigError([problemOf({ source: name }, { path: [], what })]);
  }
}

function lineOf(document: Document, lines: LineCounter, path: ConfigPath): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(document);
    const [name, child]: readonly unknown[] = isMap(node)
      ? pairOf(node.items, part)
      : isSeq(node)
        ? [node.items[Number(part)], node.items[Number(part)]]
        : [];
    const start = startOf(name);
    if (start === undefined) break;
    offset = start;
    node = child;
  }
  return lines.linePos(offset).line;
}

function pairOf(
  pairs: readonly { readonly key: unknown; readonly value: unknown }[],
  name: string | number,
): unknown[] {
  const pair = pairs.find(({ key }) => String(isScalar(key) ? key.value : key) === String(name));
  return pair === undefined ? [] : [pair.key, pair.value];
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}
