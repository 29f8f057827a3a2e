import { execFile } from "node:child_process";
import { existsSync, mkdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, resolve } from "node:path";
import { promisify } from "node:util";
import { ConfigError } from "../gateway/config/config-error.ts";
import { loadConfig } from "../gateway/config/load-config.ts";
import { EX_CONFIG, EX_UNAVAILABLE, EX_USAGE } from "./exit-codes.ts";
import { serveCommand } from "./serve-command.ts";
import { launchd } from "./service/launchd.ts";
import {
  stopSecondsFor,
  type Home,
  type ServiceManager,
  type ServiceSpec,
  type Step,
} from "./service/service-manager.ts";
import { systemd } from "./service/systemd.ts";

const NOT_RUNNING = 3;

/** Writes the file of this platform's service manager and has it started. Nothing is written when the flags or the configuration are wrong. */
export async function install(flags: readonly string[], printOnly: boolean): Promise<void> {
  const manager = managerOrExplain();
  const spec = manager && specOrExplain(flags);
  if (manager === undefined || spec === undefined) return;
  if (printOnly) return void process.stdout.write(manager.text(spec));
  mkdirSync(dirname(manager.file), { recursive: true });
  writeFileSync(manager.file, manager.text(spec));
  process.stdout.write(`Written: ${manager.file} (${manager.title})\n`);
  if (!(await perform(manager.install))) return;
  process.stdout.write(`Headgate is started, now and whenever you log in.\n${indented(manager.hints)}`);
}

/** Stops it and removes its file. Without effect where there is none. */
export async function uninstall(): Promise<void> {
  const manager = managerOrExplain();
  if (manager === undefined) return;
  if (!existsSync(manager.file)) return void process.stdout.write(`Not installed: there is no ${manager.file}\n`);
  await perform(manager.stop);
  rmSync(manager.file);
  await perform(manager.forget);
  process.stdout.write(`Removed: ${manager.file}\n`);
}

export async function showStatus(): Promise<void> {
  const manager = managerOrExplain();
  if (manager === undefined) return;
  if (!existsSync(manager.file)) {
    process.stdout.write("Not installed: headgate service install\n");
    process.exitCode = NOT_RUNNING;
    return;
  }
  const status = await output(manager.status);
  const runs = manager.isRunning(status);
  process.stdout.write(`${runs ? "Running" : "NOT running"}: ${manager.file}\n`);
  if (!runs) process.stdout.write(indented(status.trim().split("\n").slice(0, 20)));
  process.stdout.write(indented(manager.hints));
  if (!runs) process.exitCode = NOT_RUNNING;
}

function managerOrExplain(): ServiceManager | undefined {
  const home: Home = {
    folder: homedir(),
    config: process.env["XDG_CONFIG_HOME"] || undefined,
    userId: process.getuid?.() ?? 0,
  };
  if (process.platform === "darwin") return launchd(home);
  if (process.platform === "linux") return systemd(home);
  process.stderr.write(
    `headgate: no service manager of ${process.platform} is known; have \`headgate serve\` started at log-in by other means\n`,
  );
  process.exitCode = EX_UNAVAILABLE;
  return undefined;
}

/** What is to run: checked now, because later nobody would see what is wrong. */
function specOrExplain(flags: readonly string[]): ServiceSpec | undefined {
  const parser = serveCommand();
  const { operands, unknown } = parser.parseOptions([...flags]);
  const stray = [...operands, ...unknown];
  if (stray.length > 0) {
    process.stderr.write(`headgate: headgate serve does not know ${stray.join(" ")}\n`);
    process.exitCode = EX_USAGE;
    return undefined;
  }
  try {
    const { config, file } = loadConfig({ flags: parser.opts() });
    return {
      node: process.execPath,
      program: realpathSync(process.argv[1]!),
      flags: withConfig(flags, file),
      folder: file === undefined ? homedir() : dirname(file),
      stopSeconds: stopSecondsFor(config.limits.shutdownMs),
    };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`headgate: the configuration cannot be used\n${indented(error.message.split("\n"))}`);
    process.exitCode = EX_CONFIG;
    return undefined;
  }
}

/** The file is named, wherever it was found: the service is started in another folder. */
function withConfig(flags: readonly string[], file: string | undefined): readonly string[] {
  if (file === undefined) return flags;
  const rest = flags.filter((flag, index) => {
    return flag !== "--config" && !flag.startsWith("--config=") && flags[index - 1] !== "--config";
  });
  return ["--config", resolve(file), ...rest];
}

/** False when a step failed that may not; it was said why. */
async function perform(steps: readonly Step[]): Promise<boolean> {
  for (const { command, mayFail } of steps) {
    const [program, ...args] = command;
    try {
      await promisify(execFile)(program, args);
    } catch (error) {
      if (mayFail === true) continue;
      const { stderr = "", message } = error as Error & { readonly stderr?: string };
      process.stderr.write(`headgate: ${command.join(" ")} failed: ${stderr.trim() || message}\n`);
      process.exitCode = EX_UNAVAILABLE;
      return false;
    }
  }
  return true;
}

async function output([program, ...args]: readonly [string, ...string[]]): Promise<string> {
  try {
    return (await promisify(execFile)(program, args)).stdout;
  } catch (error) {
    return (error as Error).message;
  }
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}\n`).join("");
}
