import { problemOf, type ConfigProblem } from "./config-error.ts";
import { nearestName } from "./nearest-name.ts";
import { nodeAt, optionPaths } from "./schema-node.ts";
import { readText, type Setting } from "./setting.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

const PREFIX = "HEADGATE_";

/** Names the configuration file. */
export const CONFIG_VARIABLE = "HEADGATE_CONFIG";

/** What `headgate` as a command reads from its environment besides options, or gives to the commands it runs. */
const OTHERS = [CONFIG_VARIABLE, "HEADGATE_URL", "HEADGATE_PERMIT", "HEADGATE_API_KEY"];

/** What the environment says about the configuration. */
export interface FromEnvironment {
  readonly settings: readonly Setting[];
  readonly problems: readonly ConfigProblem[];
  /** Variables that look like typing errors. Never fatal: other programs name variables too, as Kubernetes does for a service. */
  readonly warnings: readonly string[];
}

/** The variable of an option: `HEADGATE_QUEUE__MAX_WAITING` for queue.maxWaiting. */
function variableOf(path: readonly string[]): string {
  return PREFIX + path.map((name) => name.replace(/[A-Z]/g, (capital) => `_${capital}`).toUpperCase()).join("__");
}

/** Reads the `HEADGATE_…` variables. An empty one counts as not set, as container tools write those. */
export function readEnvironment(environment: Environment): FromEnvironment {
  const known = new Map(optionPaths().map((path) => [variableOf(path), path]));
  known.set("HEADGATE_UPSTREAM", ["upstreams"]);
  const names = [...known.keys(), ...OTHERS].map((name) => name.slice(PREFIX.length));
  const settings: Setting[] = [];
  const problems: ConfigProblem[] = [];
  const warnings: string[] = [];
  for (const [source, text = ""] of Object.entries(environment)) {
    if (!source.startsWith(PREFIX) || text === "") continue;
    const path = known.get(source);
    if (path === undefined) {
      const meant = OTHERS.includes(source) ? undefined : nearestName(source.slice(PREFIX.length), names);
      if (meant !== undefined)
        warnings.push(`${source} is not known and was left aside; did you mean ${PREFIX}${meant}?`);
      continue;
    }
    const reading = readText(path, nodeAt(path), text);
    if ("value" in reading) settings.push({ source, path, value: reading.value });
    else problems.push(problemOf({ source }, reading.complaint));
  }
  return { settings, problems, warnings };
}
