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
  dashboard: ["protocol"],
  client: ["gate"],
  testing: BELOW_RELAY,
  cli: ["gateway", ...BELOW_GATEWAY, "client", "testing"],
};

/** Of these a layer may know what they say, and nothing of them is there when it runs. */
const MAY_NAME_TYPES_OF: Readonly<Record<string, readonly string[]>> = { dashboard: ["gateway"] };

/** These do no I/O, or do it in a browser, so they need nothing of Node's. */
const PURE = ["gate", "protocol", "dashboard"];

/** The npm packages a layer may use. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  engines: ["@huggingface/jinja", "undici"],
  relay: ["undici"],
  gateway: ["@fastify/busboy", "fastify", "pino", "prom-client", "undici", "yaml", "zod"],
  cli: ["commander"],
};

/** What is built into a layer, so that nobody who installs the package needs it. */
const BUNDLED: Readonly<Record<string, readonly string[]>> = {
  dashboard: ["preact", "uplot"],
};

/** Only at the beginning of a line, where the formatter puts every import: an example in a comment is not one. */
const STATIC_IMPORT = /^(?:import|export)\s(?<type>type\s)?(?:[^"';]*?\sfrom\s)?"([^"]+)"/gm;
const DYNAMIC_IMPORT = /^(?!\s*(?:\*|\/\/)).*?\bimport\("?([^")]*)"?\)/gm;

const manifest = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8")) as {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
};

type Sources = ReadonlyMap<string, string>;

function sources(): Sources {
  const root = join(import.meta.dirname, "../../src");
  const files = globSync("**/*.{ts,tsx}", { cwd: root }).map((file) => file.replaceAll(sep, "/"));
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
    for (const { specifier, type } of importsOf(text)) {
      const why = specifier.startsWith(".")
        ? objectToFile(file, { specifier, type }, files)
        : objectToModule(layer, specifier);
      if (why !== undefined) found.push(`${file} imports ${specifier}: ${why}`);
    }
  }
  return found;
}

interface Import {
  readonly specifier: string;
  /** Whether it is gone when the types are. */
  readonly type: boolean;
}

function importsOf(text: string): readonly Import[] {
  const fixed = [...text.matchAll(STATIC_IMPORT)].map(([, type, specifier = ""]) => ({
    specifier,
    type: type !== undefined,
  }));
  const late = [...text.matchAll(DYNAMIC_IMPORT)].map(([, specifier = ""]) => ({ specifier, type: false }));
  return [...fixed, ...late];
}

function objectToFile(file: string, { specifier, type }: Import, files: Sources): string | undefined {
  const target = posix.join(posix.dirname(file), specifier);
  const [from = "", to = ""] = [file, target].map((path) => path.split("/", 1)[0]);
  const mayImport = MAY_IMPORT[from]?.includes(to) === true || (type && MAY_NAME_TYPES_OF[from]?.includes(to) === true);
  if (from !== to && !mayImport) return `${to} is no layer below ${from}`;
  return files.has(target) ? undefined : "there is no such file";
}

function objectToModule(layer: string, specifier: string): string | undefined {
  if (specifier.startsWith("node:")) return PURE.includes(layer) ? `${layer} is pure` : undefined;
  if (builtinModules.includes(specifier)) return `it is written node:${specifier}`;
  const name = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
  const listed = [...(PACKAGES[layer] ?? []), ...(BUNDLED[layer] ?? [])];
  return listed.includes(name) ? undefined : `the package is not listed for ${layer}`;
}

/** How many breaches one such file would be, in a tree that has a core and a gateway beside it. */
function breach(file: string, text: string): number {
  const others = ["gate/a.ts", "gateway/a.ts"].map((other) => [other, ""] as const);
  return breaches(new Map([...others, [file, text]])).length;
}

describe("layers", () => {
  it("every import points down, to a file that exists, or to a package its layer may use", () => {
    const files = sources();
    assert.ok(files.has("gate/index.ts"), "the sources were not found");
    assert.deepEqual(breaches(files), []);
  });

  it("every package that a layer may use is installed with this one", () => {
    const installed = { ...manifest.dependencies, ...manifest.peerDependencies };
    const missing = Object.values(PACKAGES)
      .flat()
      .filter((name) => !Object.hasOwn(installed, name));
    assert.deepEqual(missing, []);
  });

  it("what is bundled is there for those who build, and installed with nobody's package", () => {
    const bundled = Object.values(BUNDLED).flat();
    const { devDependencies = {}, dependencies = {} } = manifest;
    assert.deepEqual(
      bundled.filter((name) => !Object.hasOwn(devDependencies, name) || Object.hasOwn(dependencies, name)),
      [],
    );
  });

  it("an import that points up or sideways, leaves the core or names an unlisted package is found", () => {
    assert.equal(breach("gate/b.ts", 'import { a } from "./a.ts";\n'), 0);
    assert.equal(breach("client/b.ts", 'import { a } from "../gate/a.ts";\nimport "node:fs";\n'), 0);
    assert.equal(breach("gateway/b.ts", 'import { z } from "zod/v4";\n'), 0);
    assert.equal(breach("client/b.ts", '/**\n * import { a } from "x";\n * const b = await import("y");\n */\n'), 0);
    assert.equal(
      breach("dashboard/b.tsx", 'import type { A } from "../gateway/a.ts";\nimport { h } from "preact";\n'),
      0,
    );

    assert.equal(breach("dashboard/b.tsx", 'import { a } from "../gateway/a.ts";\n'), 1);
    assert.equal(breach("gateway/b.ts", 'import type { A } from "../dashboard/a.ts";\n'), 1);
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
