import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";

const root = join(import.meta.dirname, "../..");

interface Manifest {
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly files: readonly string[];
}
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;

/** The source that the build turns into this file, or the file itself where nothing is built. */
function sourceOf(target: string): string {
  return target.replace(/^(\.\/)?dist\/(.*?)(\.d\.ts|\.js)$/, "src/$2.ts");
}

describe("package.json", () => {
  it("every entry of the exports map has a source, and types beside the code", () => {
    for (const [entry, target] of Object.entries(manifest.exports)) {
      if (typeof target === "string") {
        assert.ok(existsSync(join(root, target)), `${entry} -> ${target} does not exist`);
        continue;
      }
      assert.deepEqual(Object.keys(target), ["types", "default"], `${entry} must name its types first, then its code`);
      const { types = "", default: code = "" } = target;
      assert.equal(sourceOf(types), sourceOf(code), `${entry} takes types and code from different sources`);
      assert.match(sourceOf(code), /^src\//, `${entry} -> ${code} is not a file that the build writes`);
      assert.ok(existsSync(join(root, sourceOf(code))), `${entry} -> ${sourceOf(code)} does not exist`);
    }
  });

  it("every command has a source that can be run", () => {
    for (const [name, target] of Object.entries(manifest.bin)) {
      const source = join(root, sourceOf(target));
      assert.ok(existsSync(source), `${name} -> ${sourceOf(target)} does not exist`);
      assert.match(readFileSync(source, "utf8"), /^#!\/usr\/bin\/env node\n/, `${name} does not say what runs it`);
    }
  });

  it("the package holds what its entries name", () => {
    assert.deepEqual(manifest.files, ["dist", "config.example.yaml", "headgate.schema.json"]);
    for (const file of manifest.files.slice(1)) assert.ok(existsSync(join(root, file)), `${file} is missing`);
  });
});
