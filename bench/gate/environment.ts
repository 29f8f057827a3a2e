import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";

import { contenders } from "./contenders.ts";

/** Where and on what the figures were read: without it they say nothing. */
export interface Environment {
  readonly measuredAt: string;
  readonly command: string;
  /** `null` outside a repository. */
  readonly commit: string | null;
  /** Whether sources differed from that commit. */
  readonly modified: boolean;
  readonly cpu: string;
  readonly cores: number;
  /** Processes that wanted a core, on average over the minute before the benchmark began. */
  readonly loadBefore: number;
  readonly memoryGiB: number;
  readonly platform: string;
  readonly node: string;
  /** Package versions of the contenders. */
  readonly packages: Readonly<Record<string, string>>;
}

const root = join(import.meta.dirname, "../..");

export function environmentOf(args: readonly string[]): Environment {
  return {
    measuredAt: new Date().toISOString(),
    command: ["node bench/gate/main.ts", ...args].join(" "),
    commit: git("rev-parse", "HEAD"),
    modified: git("status", "--porcelain", "--", "src", "bench/gate") !== "",
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    loadBefore: Number(loadavg()[0]!.toFixed(2)),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    packages: packageVersions(),
  };
}

function git(...args: string[]): string | null {
  try {
    return execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return null;
  }
}

function packageVersions(): Record<string, string> {
  const versions: Record<string, string> = {};
  for (const { packageName } of contenders) {
    if (packageName === null) continue;
    const manifest = readFileSync(join(root, "node_modules", packageName, "package.json"), "utf8");
    versions[packageName] = (JSON.parse(manifest) as { version: string }).version;
  }
  return versions;
}
