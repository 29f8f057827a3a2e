import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";

const root = join(import.meta.dirname, "../..");

function headgate(...args: string[]): { exitCode: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "src/cli/main.ts"), ...args], {
    encoding: "utf8",
  });
  return { exitCode: status, stdout, stderr };
}

describe("headgate", () => {
  it("--version prints the version of the package and nothing else", () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
    for (const option of ["--version", "-v"]) {
      assert.deepEqual(headgate(option), { exitCode: 0, stdout: `${version}\n`, stderr: "" });
    }
  });

  it("--help, or no argument at all, says what the command can do", () => {
    for (const args of [["--help"], ["-h"], []]) {
      const { exitCode, stdout, stderr } = headgate(...args);
      assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: "" });
      assert.match(stdout, /^Usage: headgate/m);
      assert.match(stdout, /--version/);
    }
  });

  it("a reader that has seen enough is no failure", () => {
    const command = `"${process.execPath}" "${join(root, "src/cli/main.ts")}" serve --help | :`;
    const { stderr } = spawnSync("sh", ["-c", command], { encoding: "utf8" });
    assert.equal(stderr, "");
  });

  it("a command or option it does not know is named, ends with 64 and prints nothing to standard output", () => {
    for (const [argument, words] of [
      ["paint", /unknown command 'paint'/],
      ["--port", /unknown option '--port'/],
      ["-x", /unknown option '-x'/],
    ] as const) {
      const { exitCode, stdout, stderr } = headgate(argument);
      assert.deepEqual({ exitCode, stdout }, { exitCode: 64, stdout: "" });
      assert.match(stderr, words);
      assert.match(stderr, /--help/);
    }
  });
});
