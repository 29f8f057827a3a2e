import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join, posix, sep } from "node:path";
import { describe, it } from "node:test";

const BELOW_RELAY = ["engines", "store", "protocol", "gate"];
const BELOW_GATEWAY = ["batch", "relay", ...BELOW_RELAY];

/** Each folder of src, and the other folders it may import from. A folder that is not listed is a failure. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  gate: [],
  protocol: ["gate"],
  engines: ["protocol", "gate"],
  store: ["protocol", "gate"],
  relay: BELOW_RELAY,
  batch: BELOW_RELAY,
  gateway: BELOW_GATEWAY,
  dashboard: [],
  client: ["gate"],
  testing: BELOW_RELAY,
  cli: ["gateway", ...BELOW_GATEWAY, "client", "testing"],
};

/** These do no I/O, so they need nothing of Node's. */
const PURE = ["gate", "protocol"];

/** The npm packages a layer may use. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  engines: ["undici"],
  relay: ["undici"],
  gateway: ["fastify", "pino", "prom-client", "undici", "yaml", "zod"],
  cli: ["commander"],
};

/** Only at the beginning of a line, where the formatter puts every import: an example in a comment is not one. */
const STATIC_IMPORT = /^(?:import|export)\s(?:[^"';]*?\sfrom\s)?"([^"]+)"/gm;
const DYNAMIC_IMPORT = /^(?!\s*(?:\*|\/\/)).*?\bimport\("?([^")]*)"?\)/gm;

type Sources = ReadonlyMap<string, string>;

function sources(): Sources {
  const root = join(import.meta.dirname, "../../src");
  const files = globSync("**/*.ts", { cwd: root }).map((file) => file.replaceAll(sep, "/"));
  return new Map(files.map((file) => [file, readFileSync(join(root, file), "utf8")]));
}

/** Everything in the sources (paths relative to src) that the layers forbid. */
function breaches(files: Sources): string[] {
  const found: string[] = [];
  for (const [file, text] of files) {
    const layer = file.split("/", 1)[0] ?? "";
    if (!Object.hasOwn(MAY_IMPORT, layer)) {
      found.push(`${file} is in no layer`);
      continue;
    }
    for (const [, specifier = ""] of [...text.matchAll(STATIC_IMPORT), ...text.matchAll(DYNAMIC_IMPORT)]) {
      const why = specifier.startsWith(".") ? objectToFile(file, specifier, files) : objectToModule(layer, specifier);
      if (why !== undefined) found.push(`${file} imports ${specifier}: ${why}`);
    }
  }
  return found;
}

function objectToFile(file: string, specifier: string, files: Sources): string | undefined {
  const target = posix.join(posix.dirname(file), specifier);
  const [from = "", to = ""] = [file, target].map((path) => path.split("/", 1)[0]);
  if (from !== to && MAY_IMPORT[from]?.includes(to) !== true) return `${to} is no layer below ${from}`;
  return files.has(target) ? undefined : "there is no such file";
}

function objectToModule(layer: string, specifier: string): string | undefined {
  if (specifier.startsWith("node:")) return PURE.includes(layer) ? `${layer} is pure` : undefined;
  if (builtinModules.includes(specifier)) return `it is written node:${specifier}`;
  const name = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
  return PACKAGES[layer]?.includes(name) === true ? undefined : `the package is not listed for ${layer}`;
}

/** How many breaches one such file would be, in a tree that has a core beside it. */
function breach(file: string, text: string): number {
  const core = ["gate/a.ts", ""] as const;
  return breaches(new Map([core, [file, text]])).length;
}

describe("layers", () => {
  it("every import points down, to a file that exists, or to a package its layer may use", () => {
    const files = sources();
    assert.ok(files.has("gate/index.ts"), "the sources were not found");
    assert.deepEqual(breaches(files), []);
  });

  it("every package that a layer may use is installed with this one", () => {
    const manifest = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8")) as {
      readonly dependencies?: Readonly<Record<string, string>>;
      readonly peerDependencies?: Readonly<Record<string, string>>;
    };
    const installed = { ...manifest.dependencies, ...manifest.peerDependencies };
    const missing = Object.values(PACKAGES)
      .flat()
      .filter((name) => !Object.hasOwn(installed, name));
    assert.deepEqual(missing, []);
  });

  it("an import that points up or sideways, leaves the core or names an unlisted package is found", () => {
    assert.equal(breach("gate/b.ts", 'import { a } from "./a.ts";\n'), 0);
    assert.equal(breach("client/b.ts", 'import { a } from "../gate/a.ts";\nimport "node:fs";\n'), 0);
    assert.equal(breach("gateway/b.ts", 'import { z } from "zod/v4";\n'), 0);
    assert.equal(breach("client/b.ts", '/**\n * import { a } from "x";\n * const b = await import("y");\n */\n'), 0);

    assert.equal(breach("gate/b.ts", 'import { readFile } from "node:fs";\n'), 1);
    assert.equal(breach("protocol/b.ts", 'export * from "node:buffer";\n'), 1);
    assert.equal(breach("client/b.ts", 'import fs from "fs";\n'), 1);
    assert.equal(breach("gate/b.ts", 'import type {\n  A,\n} from "../client/a.ts";\n'), 1);
    assert.equal(breach("relay/b.ts", 'import type { A } from "../batch/a.ts";\n'), 1);
    assert.equal(breach("gateway/b.ts", 'import "../testing/a.ts";\n'), 1);
    assert.equal(breach("client/b.ts", 'import { a } from "../gate/missing.ts";\n'), 1);
    assert.equal(breach("client/b.ts", 'import { got } from "got";\n'), 1);
    assert.equal(breach("client/b.ts", 'const got = await import("got");\n'), 1);
    assert.equal(breach("client/b.ts", "const got = await import(name);\n"), 1);
    assert.equal(breach("utils/b.ts", ""), 1);
    assert.equal(breach("stray.ts", ""), 1);
  });
});
