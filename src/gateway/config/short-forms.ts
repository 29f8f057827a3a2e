import type { Complaint } from "./config-error.ts";
import type { ConfigPath } from "./config-path.ts";

/** What was read from the text of a flag or a variable: a value, or why there is none. */
export type Reading = { readonly value: unknown } | { readonly complaint: Complaint };

/** How an item of a list is written on the command line and in the environment. */
interface ShortForm {
  readonly pattern: RegExp;
  readonly value: (groups: Readonly<Record<string, string | undefined>>) => unknown;
  readonly expected: string;
}

/** By the list's name. Items of other lists are written as they are. */
const SHORT_FORMS: Readonly<Partial<Record<string | number, ShortForm>>> = {
  listen: {
    pattern: /^(?:(?:\[(?<address>[^\]]+)\]|(?<host>[^:=\s[\]]*)):)?(?<port>\d+)(?:=(?<priority>\S+))?$/,
    value: ({ address, host, port, priority }) => ({
      ...((address ?? host ?? "") !== "" && { host: address ?? host }),
      port: Number(port),
      ...(priority !== undefined && { priority: numberOr(priority) }),
    }),
    expected: "HOST:PORT or HOST:PORT=PRIORITY, such as 127.0.0.1:11401=background",
  },
  upstreams: {
    pattern: /^(?:(?<name>[^=/]+)=)?(?<url>\S+)$/,
    value: ({ name, url }) => ({ ...(name !== undefined && { name }), url }),
    expected: "URL or NAME=URL, such as http://127.0.0.1:8080",
  },
  keys: {
    pattern: /^(?<name>[^=]+)=(?<key>\S+)$/,
    value: ({ name, key }) => ({ name, key }),
    expected: "NAME=KEY, where KEY is better written as $VARIABLE or file:PATH",
  },
};

/** Reads an item of a list that has a short form; `undefined` where there is none, as for names of hosts. */
export function shortForm(path: ConfigPath, text: string): Reading | undefined {
  const form = path.length === 2 ? SHORT_FORMS[path[0]!] : undefined;
  if (form === undefined) return undefined;
  const match = form.pattern.exec(text);
  if (match === null) return { complaint: { path, value: text, expected: form.expected } };
  return { value: form.value(match.groups ?? {}) };
}

function numberOr(text: string): number | string {
  const number = Number(text);
  return Number.isNaN(number) ? text : number;
}
