import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { startGateway } from "../support/gateway.ts";

const folder = join(import.meta.dirname, "../../examples/python");
const LIMIT_MS = 60_000;

/** Why nothing here can run; `false` when it can. On a build server that is a failure, not an excuse. */
function missing(): string | false {
  const { status } = spawnSync("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 11))"]);
  if (status === 0) return false;
  const why = status === null ? "there is no python3" : "python3 is older than 3.11";
  assert.equal(process.env["CI"], undefined, `${why}: the Python client was not tested`);
  return `${why}: the Python client was NOT tested`;
}

describe("examples/python", { skip: missing() }, () => {
  test("the client keeps the promises of its own tests at a real gateway", async () => {
    await using gateway = await startGateway();
    const { stderr } = await promisify(execFile)("python3", ["-X", "dev", "-W", "error", "-m", "unittest"], {
      cwd: folder,
      timeout: LIMIT_MS,
      env: pythonEnvironment(gateway.url),
    });
    assert.match(stderr, /^OK$/m);
    assert.doesNotMatch(stderr, /never retrieved|was destroyed|Warning/);
  });

  test("the example works through its documents", async () => {
    await using gateway = await startGateway();
    const { stdout, stderr } = await promisify(execFile)("python3", ["-W", "error", "embed_documents.py"], {
      cwd: folder,
      timeout: LIMIT_MS,
      env: pythonEnvironment(gateway.url),
    });
    assert.equal(stdout.match(/^embedded document \d$/gm)?.length, 10);
    assert.equal(stderr, "");
    await gateway.over(1);
  });
});

function pythonEnvironment(url: string): NodeJS.ProcessEnv {
  return { ...process.env, HEADGATE_URL: url, HEADGATE_API_KEY: "", PYTHONDONTWRITEBYTECODE: "1" };
}
