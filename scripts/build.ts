/**
 * `npm run build`: src -> dist, from nothing, so that a deleted source leaves no ghost in the package.
 */
import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildDashboard } from "./dashboard.ts";
import { root, run } from "./tools.ts";

rmSync(join(root, "dist"), { recursive: true, force: true });
const { exitCode, output } = run("tsc", ["-p", "tsconfig.build.json"]);
process.stdout.write(output);
if (exitCode === 0) {
  chmodSync(join(root, "dist/cli/main.js"), 0o755);
  await buildDashboard();
} else process.exitCode = 1;
