/**
 * Installs what test/inference needs: llama.cpp, built for Linux on an x64 processor. Outside the repository and its lock file, for
 * whoever wants it. Does nothing where it is there already.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { homeOfNodeLlamaCpp, PACKAGES } from "../test/inference/node-llama-cpp.ts";
import { run } from "./tools.ts";

const TIMEOUT_MS = 300_000;

/** Neither the builds for other machines nor the scripts that would build one. One retry: without a network this shall not take long. */
const FLAGS = "--omit=optional --ignore-scripts --no-save --no-audit --no-fund --fetch-retries=1".split(" ");

const home = homeOfNodeLlamaCpp();

function isInstalled(nameAndVersion: string): boolean {
  const [, name = "", version] = /^(.+)@(.+)$/.exec(nameAndVersion) ?? [];
  try {
    const text = readFileSync(join(home, "node_modules", name, "package.json"), "utf8");
    return (JSON.parse(text) as { version: string }).version === version;
  } catch {
    return false;
  }
}

if (process.platform !== "linux" || process.arch !== "x64") {
  console.error(`it is for Linux on an x64 processor, and this is ${process.platform} on ${process.arch}`);
  process.exitCode = 1;
} else if (!PACKAGES.every(isInstalled)) {
  mkdirSync(home, { recursive: true });
  const { exitCode, output } = run("npm", ["install", "--prefix", home, ...FLAGS, ...PACKAGES], {
    timeoutMs: TIMEOUT_MS,
  });
  console.log(output);
  if (exitCode !== 0) process.exitCode = 1;
}
if (process.exitCode === undefined) console.log(`${PACKAGES.join(" and ")}: in ${home}`);
