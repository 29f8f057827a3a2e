import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";

const root = join(import.meta.dirname, "../..");

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly inBundle?: boolean;
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}
const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
  packages: Readonly<Record<string, Locked>>;
};
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;

describe("package-lock.json", () => {
  it("names no download address, so that it serves behind any registry", () => {
    const found = Object.entries(packages).filter(([, locked]) => locked.resolved !== undefined);
    assert.deepEqual(
      found.map(([name]) => name),
      [],
      "omit-lockfile-registry-resolved in .npmrc keeps them out",
    );
  });

  it("holds a checksum for every package, so that what is installed is what was chosen", () => {
    const without = Object.entries(packages).filter(([name, { integrity, inBundle }]) => {
      return name !== "" && inBundle !== true && integrity === undefined;
    });
    assert.deepEqual(
      without.map(([name]) => name),
      [],
    );
  });

  it("agrees with package.json, which pins exact versions", () => {
    for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
      assert.equal(
        packages[`node_modules/${name}`]?.version,
        version,
        `${name} is not locked to the version that is asked for`,
      );
    }
  });
});
