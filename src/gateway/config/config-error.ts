import { showPath, type ConfigPath } from "./config-path.ts";
import { isHidden, plainValue, showValue } from "./hidden.ts";

/** Where a value stands. */
export interface Place {
  /** A file, an environment variable or a flag. */
  readonly source: string;
  /** From 1, in a file. */
  readonly line?: number | undefined;
}

/** One thing that is wrong. */
export interface ConfigProblem extends Place {
  /** As people write it: "keys[0].name". Empty when it is about the source as a whole. */
  readonly path: string;
  /** What stands there; `undefined` when nothing does, for lists and mappings, and where it might be a secret. */
  readonly value: string | number | boolean | undefined;
  /** What should stand there, as the end of "it must be …". Empty when nothing can. */
  readonly expected: string;
  /** What to do about it, where more can be said than `expected` says. Else empty. */
  readonly remedy: string;
  /** All of that in one line. */
  readonly message: string;
}

/** What is to be said of a value. */
export interface Complaint {
  readonly path: ConfigPath;
  readonly value?: unknown;
  readonly expected?: string;
  readonly remedy?: string;
  /** What is wrong, where it is not the value, as what follows the path: "unknown", "is missing". */
  readonly what?: string;
}

/** The configuration cannot be used. It names everything that is wrong with it, each with its remedy, and tells no secret. */
export class ConfigError extends Error {
  readonly code = "config_invalid";
  /** EX_CONFIG of sysexits.h, for a process that ends because of this. */
  readonly exitCode = 78;
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(({ message }) => message).join("\n"));
    this.name = "ConfigError";
    this.problems = problems;
  }
}

/** Puts a complaint about what stands at `place` into words. */
export function problemOf({ source, line }: Place, complaint: Complaint): ConfigProblem {
  const { path, expected = "", remedy = "" } = complaint;
  const value = isHidden(path) ? undefined : plainValue(complaint.value);
  const where = line === undefined ? source : `${source}:${line}`;
  const parts = [whatIsWrong(complaint), expected === "" ? "" : `it must be ${expected}`, remedy];
  const message = `${where}: ${parts.filter((part) => part !== "").join("; ")}`;
  return { source, line, path: showPath(path), value, expected, remedy, message };
}

function whatIsWrong({ path, value, what }: Complaint): string {
  const name = showPath(path);
  if (what !== undefined) return name === "" ? what : `${name}${what === "unknown" ? ":" : ""} ${what}`;
  return `${name === "" ? "the configuration" : name} is ${isHidden(path) ? "not usable" : showValue(value)}`;
}
