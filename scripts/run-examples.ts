/**
 * `npm run examples`: runs every examples/*.ts and *.mjs against the built package, and fails when one of them fails.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { root, run } from "./tools.ts";

const TIMEOUT_MS = 60_000;

const examples = readdirSync(join(root, "examples"))
  .filter((file) => /\.(ts|mjs)$/.test(file))
  .toSorted();
if (examples.length === 0) throw new Error("examples/ holds no example");

for (const example of examples) {
  const startedAt = performance.now();
  const { exitCode, output } = run("node", [join("examples", example)], { timeoutMs: TIMEOUT_MS });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${exitCode === 0 ? "ok  " : "FAIL"} ${example} (${seconds} s)`);
  if (exitCode === 0) continue;
  console.log(
    exitCode === null ? `ended by a signal (limit: ${TIMEOUT_MS} ms)` : `exit code ${exitCode}`,
    `\n${output}`,
  );
  process.exitCode = 1;
}
