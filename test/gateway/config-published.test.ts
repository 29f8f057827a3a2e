import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import * as z from "zod";
import { loadConfig, parseConfig } from "../../src/gateway/config/load-config.ts";
import { parseConfigFile } from "../../src/gateway/config/config-file.ts";
import { publishedSchema } from "../../src/gateway/config/published-schema.ts";
import { jsonSchema, type SchemaNode } from "../../src/gateway/config/schema-node.ts";

const root = join(import.meta.dirname, "../..");
const example = readFileSync(join(root, "config.example.yaml"), "utf8");
const published = JSON.parse(readFileSync(join(root, "headgate.schema.json"), "utf8")) as z.core.JSONSchema.JSONSchema;

/** The example with every option switched on. Prose is what one space stands before: `# prose`, `#option`, `#  - in a list`. */
const everything = example.replace(/^( *)#(?! \S)/gm, "$1");

/** The paths of all options, lists as `[]`: "keys[].name". */
function optionsOf(node: SchemaNode, above: string): string[] {
  const members = Object.entries(node.properties ?? {}).flatMap(([name, child]) =>
    optionsOf(child, `${above}.${name}`),
  );
  const items = node.items === undefined ? [] : optionsOf(node.items, `${above}[]`);
  return [above, ...members, ...items];
}

function pathsOf(value: unknown, above: string): string[] {
  if (Array.isArray(value)) return [above, ...value.flatMap((item) => pathsOf(item, `${above}[]`))];
  if (typeof value !== "object" || value === null) return [above];
  return [above, ...Object.entries(value).flatMap(([name, child]) => pathsOf(child, `${above}.${name}`))];
}

describe("the published JSON Schema", () => {
  it("is current: npm run config:schema", () => {
    assert.deepEqual(published, publishedSchema());
  });

  it("says of every option what it means", () => {
    const silent: string[] = [];
    const look = (node: SchemaNode, path: string): void => {
      for (const [name, child] of Object.entries(node.properties ?? {})) {
        if (child.description === undefined) silent.push(`${path}${name}`);
        look(child, `${path}${name}.`);
      }
      if (node.items !== undefined) look(node.items, `${path}[].`);
    };
    look(jsonSchema(), "");
    assert.deepEqual(silent, []);
  });

  it("accepts the example as it is and with everything switched on, and refuses what the gateway refuses", () => {
    const schema = z.fromJSONSchema(published);
    const values = parseConfigFile(everything, "everything").values;
    assert.deepEqual(schema.safeParse(values).error?.issues ?? [], []);
    assert.ok(schema.safeParse({}).success);
    for (const wrong of [
      { listn: [] },
      { queue: { maxWaiting: -1 } },
      { keys: [{ name: "a", key: "short" }] },
      { listen: [{ port: 70_000 }] },
      { defaultPriority: "soon" },
    ]) {
      assert.equal(schema.safeParse(wrong).success, false, JSON.stringify(wrong));
      assert.throws(() => parseConfig(wrong));
    }
  });
});

describe("config.example.yaml", () => {
  it("sets nothing but defaults where it is not commented out", () => {
    assert.deepEqual(parseConfig(parseConfigFile(example, "config.example.yaml").values), parseConfig({}));
  });

  it("shows every option", () => {
    const shown = new Set(pathsOf(parseConfigFile(everything, "everything").values, ""));
    const missing = optionsOf(jsonSchema(), "").filter((path) => !shown.has(path) && !path.endsWith("[]"));
    assert.deepEqual(missing, []);
  });

  it("is valid with everything switched on", () => {
    const folder = mkdtempSync(join(tmpdir(), "headgate-example-"));
    try {
      writeFileSync(join(folder, "headgate.yaml"), everything);
      writeFileSync(join(folder, "agents.key"), "sk-agents-1\n");
      const { config } = loadConfig({ folder, environment: { HOME: folder, GPU_API_KEY: "sk-gpu" } });
      assert.equal(config.upstreams[0]?.apiKey, "sk-gpu");
      assert.equal(config.keys[0]?.key, "sk-agents-1");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
