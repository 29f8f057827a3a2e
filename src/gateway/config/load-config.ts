import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { checkConfig } from "./checks.ts";
import { complaintsOf } from "./complaints.ts";
import { ConfigError, problemOf, type Complaint, type ConfigProblem, type Place } from "./config-error.ts";
import { readConfigFile, type ConfigFile } from "./config-file.ts";
import { valueAt, withValueAt, type ConfigPath } from "./config-path.ts";
import { CONFIG_VARIABLE, readEnvironment, type Environment } from "./environment.ts";
import { readFlags, type FlagValues } from "./read-flags.ts";
import { resolveSecrets, type Lookup } from "./references.ts";
import { configSchema } from "./schema.ts";
import type { Setting } from "./setting.ts";
import type { GatewayConfig } from "./types.ts";

export interface LoadOptions {
  /** What commander returns for the options of `FLAGS`. */
  readonly flags?: FlagValues;
  /** @defaultValue none: nothing is read from the process's own environment */
  readonly environment?: Environment;
  /** Where relative files and `headgate.yaml` are looked for. @defaultValue the current folder */
  readonly folder?: string;
}

export interface LoadedConfig {
  readonly config: GatewayConfig;
  /** The file that was read, absolute; `undefined` when there was none. */
  readonly file: string | undefined;
  /** What does not keep the gateway from running, and is probably not meant so. */
  readonly warnings: readonly string[];
}

/**
 * The configuration: flags, else `HEADGATE_…` variables, else the file, else defaults. Lists are taken whole from the first that
 * has them. The file is `--config`, else `HEADGATE_CONFIG`, else `headgate.yaml` in the current folder, else
 * `~/.config/headgate/config.yaml`; only a file that was named must exist.
 *
 * @throws {ConfigError} with everything that is wrong. Its messages tell no secret.
 */
export function loadConfig(options: LoadOptions = {}): LoadedConfig {
  const { flags = {}, environment = {}, folder = process.cwd() } = options;
  const fromFlags = readFlags(flags);
  const fromEnvironment = readEnvironment(environment);
  const problems = [...fromFlags.problems, ...fromEnvironment.problems];
  const settings = [...fromEnvironment.settings, ...fromFlags.settings];
  const { file, path } = findFile(flags, environment, folder);
  const lookup: Lookup = {
    environment,
    folderOf: (at) => (path === undefined || settingFor(settings, at) !== undefined ? folder : dirname(path)),
  };
  let values: unknown = withoutNulls(file?.values) ?? {};
  for (const setting of settings) values = withValueAt(values, setting.path, setting.value);
  const { config, complaints } = read(values, lookup);
  problems.push(...complaints.map((complaint) => problemOf(placeOf(complaint.path, settings, file), complaint)));
  if (config === undefined || problems.length > 0) throw new ConfigError(problems.toSorted(byPlace));
  return { config, file: path, warnings: fromEnvironment.warnings };
}

/**
 * A configuration from values in a program, as they would stand in a file.
 *
 * @throws {ConfigError} as {@link loadConfig} does.
 */
export function parseConfig(values: unknown, environment: Environment = {}): GatewayConfig {
  const { config, complaints } = read(withoutNulls(values), { environment, folderOf: () => process.cwd() });
  if (config === undefined || complaints.length > 0) {
    throw new ConfigError(complaints.map((complaint) => problemOf({ source: "configuration" }, complaint)));
  }
  return config;
}

/** `config` is there if it can be used but for what the complaints say. */
function read(raw: unknown, lookup: Lookup): { config: GatewayConfig | undefined; complaints: readonly Complaint[] } {
  const { values, complaints } = resolveSecrets(raw, lookup);
  const parsed = configSchema.safeParse(values);
  if (parsed.success) return { config: parsed.data, complaints: [...complaints, ...checkConfig(parsed.data)] };
  const { issues } = parsed.error;
  const all = [...complaints, ...complaintsOf(issues, values)];
  // The sections that are right are looked at all the same: who mends one mistake should not meet the next only then.
  const broken = new Set(issues.flatMap(brokenSections));
  const rest = configSchema.safeParse(without(values, broken));
  return { config: undefined, complaints: rest.success ? [...all, ...checkConfig(rest.data, broken)] : all };
}

function brokenSections(issue: {
  readonly path: readonly PropertyKey[];
  readonly keys?: readonly string[];
}): readonly string[] {
  return issue.path.length > 0 ? [String(issue.path[0])] : (issue.keys ?? []);
}

function without(values: unknown, sections: ReadonlySet<string>): unknown {
  if (typeof values !== "object" || values === null || Array.isArray(values)) return {};
  return Object.fromEntries(Object.entries(values).filter(([name]) => !sections.has(name)));
}

function findFile(
  flags: FlagValues,
  environment: Environment,
  folder: string,
): { readonly file?: ConfigFile; readonly path?: string } {
  for (const [source, name] of [
    ["--config", flags["config"]],
    [CONFIG_VARIABLE, environment[CONFIG_VARIABLE]],
  ] as const) {
    if (typeof name !== "string" || name === "") continue;
    const path = resolve(folder, name);
    const file = readConfigFile(path, name);
    if (file !== undefined) return { file, path };
    throw new ConfigError([problemOf({ source }, { path: [], what: `there is no file ${name}` })]);
  }
  const home = environment["XDG_CONFIG_HOME"] ?? join(environment["HOME"] ?? homedir(), ".config");
  for (const [path, name] of [
    [resolve(folder, "headgate.yaml"), "headgate.yaml"],
    [join(home, "headgate", "config.yaml"), join(home, "headgate", "config.yaml")],
  ] as const) {
    const file = readConfigFile(path, name);
    if (file !== undefined) return { file, path };
  }
  return {};
}

/** `queue:` with every line below it commented out is null in YAML, and means that nothing is set there. */
function withoutNulls(values: unknown): unknown {
  if (values === null) return undefined;
  if (typeof values !== "object") return values;
  if (Array.isArray(values)) return values.map((item: unknown) => (item === null ? null : withoutNulls(item)));
  const members = Object.entries(values).map(([name, value]) => [name, withoutNulls(value)] as const);
  return Object.fromEntries(members.filter(([, value]) => value !== undefined));
}

function placeOf(path: ConfigPath, settings: readonly Setting[], file: ConfigFile | undefined): Place {
  const inFile = file !== undefined && valueAt(file.values, path) !== undefined;
  const setting =
    settingFor(settings, path) ?? (inFile ? undefined : settings.findLast((s) => startsWith(s.path, path)));
  if (setting !== undefined || file === undefined) return { source: setting?.source ?? "defaults" };
  return { source: file.name, line: file.lineOf(path) };
}

/** The last that says anything about `path`. */
function settingFor(settings: readonly Setting[], path: ConfigPath): Setting | undefined {
  return settings.findLast((setting) => startsWith(path, setting.path));
}

function startsWith(path: ConfigPath, start: ConfigPath): boolean {
  return start.every((part, index) => part === path[index]);
}

/** What stands in a file by its lines; the rest as it came. */
function byPlace(a: ConfigProblem, b: ConfigProblem): number {
  return (a.line ?? 0) - (b.line ?? 0);
}
