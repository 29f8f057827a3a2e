/** The way to a value: `["keys", 0, "name"]`. */
export type ConfigPath = readonly (string | number)[];

/** As people write it: "keys[0].name". */
export function showPath(path: ConfigPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? part : `${text}.${part}`;
  }, "");
}

/** Reads what {@link showPath} writes; `undefined` when it is no path. */
export function parsePath(text: string): ConfigPath | undefined {
  if (!/^[^.[\]=\s]+(?:\.[^.[\]=\s]+|\[\d+\])*$/.test(text)) return undefined;
  return text
    .replaceAll("[", ".")
    .replaceAll("]", "")
    .split(".")
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

/** What stands at `path` in plain data; `undefined` when nothing does. */
export function valueAt(values: unknown, path: ConfigPath): unknown {
  let value = values;
  for (const part of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Readonly<Record<string | number, unknown>>)[part];
  }
  return value;
}

/** A copy of plain data with `value` at `path`. What is in the way and can have no members stays: it is wrong by itself. */
export function withValueAt(values: unknown, [part, ...rest]: ConfigPath, value: unknown): unknown {
  if (part === undefined) return value;
  if (typeof part === "number") {
    if (values !== undefined && !Array.isArray(values)) return values;
    const list: unknown[] = [...((values as readonly unknown[] | undefined) ?? [])];
    list[part] = withValueAt(list[part], rest, value);
    return list;
  }
  if (values !== undefined && (typeof values !== "object" || values === null || Array.isArray(values))) return values;
  return {
    ...values,
    [part]: withValueAt((values as Readonly<Record<string, unknown>> | undefined)?.[part], rest, value),
  };
}
