import { MAX_AGED_PRIORITY } from "./aged-priority.ts";
import type { Complaint } from "./config-error.ts";
import type { ConfigPath } from "./config-path.ts";
import { isLoopbackHost } from "./loopback.ts";
import { nearestName } from "./nearest-name.ts";
import type { GatewayConfig } from "./types.ts";

/** What a schema cannot say, because it is about several options at once. */
interface Check {
  /** The sections it looks at: it is left out while one of them is wrong by itself. */
  readonly sections: readonly (keyof GatewayConfig)[];
  readonly run: (config: GatewayConfig) => readonly Complaint[];
}

const CHECKS: readonly Check[] = [
  { sections: ["listen", "keys"], run: checkExposure },
  { sections: ["listen"], run: checkListeners },
  { sections: ["upstreams"], run: checkUpstreams },
  { sections: ["upstreams", "queue"], run: checkReserved },
  { sections: ["keys"], run: checkKeys },
  { sections: ["rules", "keys"], run: checkRules },
  { sections: ["listen", "defaultPriority", "rules", "keys", "queue"], run: checkAgedPriorities },
];

/** Complaints about a configuration whose values are each right by itself, except in the sections of `broken`. */
export function checkConfig(config: GatewayConfig, broken: ReadonlySet<string> = new Set()): readonly Complaint[] {
  return CHECKS.flatMap(({ sections, run }) => (sections.some((section) => broken.has(section)) ? [] : run(config)));
}

function checkExposure({ listen, keys }: GatewayConfig): readonly Complaint[] {
  if (keys.length > 0) return [];
  return listen.flatMap(({ host }, index) => {
    if (isLoopbackHost(host)) return [];
    const remedy = "add a key (keys in the file, HEADGATE_KEYS, or --key NAME=KEY), or others could use your model";
    return {
      path: ["listen", index, "host"],
      value: host,
      expected: "127.0.0.1, ::1 or localhost while there are no keys",
      remedy,
    };
  });
}

function checkListeners({ listen }: GatewayConfig): readonly Complaint[] {
  const addresses = listen.map(({ host, port }) => (port === 0 ? undefined : `${host}:${port}`));
  return repeated(addresses).map((index) => ({
    path: ["listen", index],
    what: `listens on ${addresses[index]} a second time`,
    remedy: "take another port",
  }));
}

function checkUpstreams({ upstreams }: GatewayConfig): readonly Complaint[] {
  const complaints: Complaint[] = [];
  for (const [index, { url }] of upstreams.entries()) {
    const path: ConfigPath = ["upstreams", index, "url"];
    const { username, password, search, hash, pathname } = new URL(url);
    if (username !== "" || password !== "") {
      complaints.push({ path, value: url, expected: "without user and password", remedy: "put the token into apiKey" });
    } else if (search !== "" || hash !== "") {
      complaints.push({ path, value: url, expected: "without ? and #" });
    } else if (/\/v1\/?$/.test(pathname)) {
      const remedy = "the paths of requests begin with it, and are put behind this";
      complaints.push({ path, value: url, expected: "without /v1", remedy });
    }
  }
  const names = upstreams.map(({ name, url }) => name ?? new URL(url).host);
  for (const index of repeated(names)) {
    const remedy = "give each server a name of its own";
    complaints.push({ path: ["upstreams", index], what: `is the second that is called ${names[index]}`, remedy });
  }
  return complaints;
}

function checkReserved({ upstreams, queue: { reserved } }: GatewayConfig): readonly Complaint[] {
  const capacities = upstreams.flatMap(({ capacity }) => capacity ?? []);
  const least = Math.min(...capacities);
  if (reserved === 0 || reserved < least) return [];
  const remedy = `background would never run where a server has ${least} slots`;
  return [{ path: ["queue", "reserved"], value: reserved, expected: `less than ${least}`, remedy }];
}

function checkKeys({ keys }: GatewayConfig): readonly Complaint[] {
  return repeated(keys.map(({ key }) => key)).map((index) => ({
    path: ["keys", index, "key"],
    what: "is the secret of another key too",
    remedy: "give each key a secret of its own",
  }));
}

function checkRules({ rules, keys }: GatewayConfig): readonly Complaint[] {
  const names = [...new Set(keys.map(({ name }) => name))];
  return rules.flatMap(({ key, path, model, userAgent, header }, index): readonly Complaint[] => {
    if ([key, path, model, userAgent, header].every((condition) => condition === undefined)) {
      const remedy = "for all requests there is defaultPriority";
      return [
        {
          path: ["rules", index],
          what: "has no condition",
          expected: "with key, path, model, userAgent or header",
          remedy,
        },
      ];
    }
    if (key === undefined || names.includes(key)) return [];
    const meant = nearestName(key, names);
    const choices = names.length === 0 ? "there are no keys" : `there are ${names.join(", ")}`;
    const remedy = meant === undefined ? choices : `did you mean ${meant}?`;
    return [{ path: ["rules", index, "key"], what: "is not the name of a key", remedy }];
  });
}

function checkAgedPriorities({ listen, defaultPriority, rules, keys, queue }: GatewayConfig): readonly Complaint[] {
  if (queue.agingMs === undefined) return [];
  const priorities: readonly (readonly [ConfigPath, number | undefined])[] = [
    [["defaultPriority"], defaultPriority],
    [["queue", "foregroundUpTo"], queue.foregroundUpTo],
    ...listen.map(({ priority }, index) => [["listen", index, "priority"], priority] as const),
    ...rules.map(({ priority }, index) => [["rules", index, "priority"], priority] as const),
    ...keys.map(({ priority }, index) => [["keys", index, "priority"], priority] as const),
    ...keys.map(({ ceiling }, index) => [["keys", index, "ceiling"], ceiling] as const),
  ];
  return priorities
    .filter(([, priority = 0]) => Math.abs(priority) > MAX_AGED_PRIORITY)
    .map(([path, value]) => ({ path, value, expected: `within ${MAX_AGED_PRIORITY} of 0 while queue.agingMs is set` }));
}

/** The indexes of values that stood in the list before. */
function repeated(values: readonly (string | undefined)[]): readonly number[] {
  return [...values.entries()].flatMap(([index, value]) =>
    value !== undefined && values.indexOf(value) < index ? [index] : [],
  );
}
