import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

const root = join(import.meta.dirname, "../..");
const examples = readdirSync(join(root, "examples")).filter((file) => file.endsWith(".ts"));

test("there are examples", () => {
  assert.ok(examples.length >= 3);
});

for (const example of examples) {
  const path = join(root, "examples", example);

  test(`examples/${example} fits on a page: 60 lines at most`, () => {
    assert.ok(readFileSync(path, "utf8").trimEnd().split("\n").length <= 60);
  });

  test(`examples/${example} ends by itself, without an error or a warning`, async () => {
    const preload = join(root, "test/support/package-from-source.ts");
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ["--import", preload, path]);
    assert.notEqual(stdout, "");
    assert.equal(stderr, "");
  });
}
