import { problemOf, type Complaint, type ConfigProblem } from "./config-error.ts";
import { parsePath, type ConfigPath } from "./config-path.ts";
import { FLAGS, isRepeatable, type Flag } from "./flags.ts";
import { nodeAt } from "./schema-node.ts";
import { readList, readText, type Setting } from "./setting.ts";

/** What was given on the command line, by {@link Flag.name}. Others are left aside. */
export type FlagValues = Readonly<Record<string, unknown>>;

export interface FromFlags {
  readonly settings: readonly Setting[];
  readonly problems: readonly ConfigProblem[];
}

/** Reads flags. Lists replace what file and environment say; `--host` and `--port` change the first listener. */
export function readFlags(values: FlagValues): FromFlags {
  const settings: Setting[] = [];
  const problems: ConfigProblem[] = [];
  for (const flag of FLAGS) {
    const given = values[flag.name];
    if (given === undefined || flag.name === "config") continue;
    const source = sourceOf(flag);
    for (const result of readFlag(flag, given, values)) {
      if ("path" in result) settings.push({ source, ...result });
      else problems.push(problemOf({ source }, result.complaint));
    }
  }
  // After the lists that they change.
  return { settings: settings.toSorted((a, b) => a.path.length - b.path.length), problems };
}

type Read = { readonly path: ConfigPath; readonly value: unknown } | { readonly complaint: Complaint };

function readFlag(flag: Flag, given: unknown, values: FlagValues): readonly Read[] {
  const texts = Array.isArray(given) ? given.map(String) : [String(given)];
  switch (flag.name) {
    case "set":
      return texts.map(readAssignment);
    case "capacity":
      return readCapacity(texts[0]!, values);
    case "host":
    case "port":
      if (values["listen"] !== undefined) {
        return [
          {
            complaint: { path: flag.path, what: "is given twice", remedy: "put host and port into --listen HOST:PORT" },
          },
        ];
      }
      return [read(flag.path, texts[0]!)];
    default:
      return [isRepeatable(flag) ? readItems(flag.path, texts) : read(flag.path, texts[0]!)];
  }
}

function read(path: ConfigPath, text: string): Read {
  const reading = readText(path, nodeAt(path), text);
  return "value" in reading ? { path, value: reading.value } : reading;
}

function readItems(path: ConfigPath, texts: readonly string[]): Read {
  const reading = readList(path, nodeAt(path), texts);
  return "value" in reading ? { path, value: reading.value } : reading;
}

/** `queue.agingMs=60000` */
function readAssignment(text: string): Read {
  const at = text.indexOf("=");
  const path = at === -1 ? undefined : parsePath(text.slice(0, at));
  if (path === undefined) {
    return { complaint: { path: [], what: "not understood", expected: "OPTION=VALUE, such as queue.agingMs=60000" } };
  }
  return read(path, text.slice(at + 1));
}

function readCapacity(text: string, { upstream }: FlagValues): readonly Read[] {
  const count = Array.isArray(upstream) ? upstream.length : upstream === undefined ? 0 : 1;
  if (count === 0) {
    return [
      {
        complaint: {
          path: [],
          what: "it is the capacity of an --upstream",
          remedy: "name one, or set upstreams[0].capacity in the file",
        },
      },
    ];
  }
  return Array.from({ length: count }, (_, index) => read(["upstreams", index, "capacity"], text));
}

function sourceOf({ usage }: Flag): string {
  return usage.split(" ", 1)[0]!;
}
