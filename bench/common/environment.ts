import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";

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
  /** Versions of whatever else is measured. */
  readonly packages: Readonly<Record<string, string>>;
}

const root = join(import.meta.dirname, "../..");

/** @param bench - the benchmark's folder under bench/. */
export function environmentOf(
  bench: string,
  args: readonly string[],
  packages: Readonly<Record<string, string>>,
): Environment {
  return {
    measuredAt: new Date().toISOString(),
    command: [`node bench/${bench}/main.ts`, ...args].join(" "),
    commit: git("rev-parse", "HEAD"),
    modified: git("status", "--porcelain", "--", "src", "bench/common", `bench/${bench}`) !== "",
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    loadBefore: Number(loadavg()[0]!.toFixed(2)),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    packages,
  };
}

/** The installed version of an npm package. */
export function packageVersion(name: string): string {
  const manifest = readFileSync(join(root, "node_modules", name, "package.json"), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

/** Beyond this share of the cores the machine had other things to do. */
const BUSY_SHARE = 0.25;

/** One paragraph that goes before every table, `effort` in its words. */
export function conditions(environment: Environment, effort: string): string {
  const { command, commit, cores, cpu, loadBefore, measuredAt, memoryGiB, modified, node, packages, platform } =
    environment;
  const versions = Object.entries(packages).map(([name, version]) => `${name} ${version}`);
  const source = commit === null ? "no commit" : `commit ${commit.slice(0, 12)}${modified ? " with changes" : ""}`;
  const lines = [
    `\`${command}\` on ${measuredAt.slice(0, 10)}, ${source}; Node ${node}, ${platform}, ${cores} cores of ${cpu},`,
    `${memoryGiB} GiB; ${versions.join(", ")}. ${effort}`,
  ];
  if (loadBefore > BUSY_SHARE * cores) {
    lines.push(`**The machine was busy (load ${loadBefore} on ${cores} cores): these figures are noise.**`);
  }
  return lines.join("\n");
}

function git(...args: string[]): string | null {
  try {
    return execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return null;
  }
}
