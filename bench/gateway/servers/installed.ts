import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Connection } from "../connection.ts";
import type { Running } from "../contender.ts";
import { listening } from "./child-server.ts";

/** Where packages put servers, besides the PATH. */
const PLACES = ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin", "/usr/local/bin"];

/** The path of a program on this machine. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), ...PLACES];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

interface Installed {
  readonly program: string;
  /** The command line, given the configuration's place. */
  readonly args: (file: string) => string[];
  /** Its configuration, given the port to listen on and a folder of its own. */
  readonly configuration: (port: number, folder: string) => string;
}

const TRIES = 100;
const BETWEEN_TRIES_MS = 50;

/** Starts an installed proxy and resolves once it accepts connections. */
export async function startInstalled({ program, args, configuration }: Installed): Promise<Running> {
  const folder = await mkdtemp(join(tmpdir(), "headgate-bench-"));
  const port = await freePort();
  const file = join(folder, "configuration");
  await writeFile(file, configuration(port, folder));
  const child = spawn(findProgram(program)!, args(file), { stdio: ["ignore", "ignore", "pipe"], cwd: folder });
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  const ended = once(child, "exit");
  const close = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  for (let tries = 0; ; tries++) {
    try {
      (await Connection.open(port)).close();
      return { port, pid: child.pid, close };
    } catch (error) {
      if (tries < TRIES && child.exitCode === null) await pause(BETWEEN_TRIES_MS);
      else {
        await close();
        throw new Error(`${program} did not start: ${complaints}`, { cause: error });
      }
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  server.close();
  await once(server, "close");
  return port;
}

/** Versions of the proxies that are here, in their own words. */
export function installedVersions(): Record<string, string> {
  const versions: Record<string, string> = {};
  for (const program of ["nginx", "haproxy"]) {
    const path = findProgram(program);
    if (path === undefined) continue;
    const { stderr, stdout } = spawnSync(path, ["-v"], { encoding: "utf8" });
    versions[program] = /\d+\.\d+[\w.]*/.exec(stdout + stderr)?.[0] ?? "of unknown version";
  }
  return versions;
}
