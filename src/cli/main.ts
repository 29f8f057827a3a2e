#!/usr/bin/env node
/**
 * The `headgate` command.
 *
 * Exit codes: 0 when done, 64 (EX_USAGE of sysexits.h) when the command line cannot be understood.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

const EX_USAGE = 64;

const OPTIONS = {
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "v" },
} as const;

const HELP = `headgate: a priority gate for self-hosted LLM inference

usage: headgate [--help | --version]

  -h, --help     show this text
  -v, --version  show the version

The gate itself is a library: import { Gate, Priority } from "headgate"
`;

/** The package's own version; package.json lies two folders above this file, in src as in dist. */
function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

function main(args: readonly string[]): number {
  // Not strict: Node's own words for an unknown option speak of positional arguments, which helps nobody here.
  const { values, tokens } = parseArgs({ args: [...args], options: OPTIONS, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === "positional") return refuse(`unknown command "${token.value}"`);
    if (token.kind === "option" && !Object.hasOwn(OPTIONS, token.name))
      return refuse(`unknown option ${token.rawName}`);
  }
  process.stdout.write(values["version"] === true ? `${version()}\n` : HELP);
  return 0;
}

function refuse(reason: string): number {
  process.stderr.write(`headgate: ${reason}\nThis version knows --help and --version, and no command yet.\n`);
  return EX_USAGE;
}

process.exitCode = main(process.argv.slice(2));
