/**
 * `npm run check`: everything that can be said about the repository without running its tests.
 *
 * One line per step; the output of a step is shown only when it fails. All steps run even after a failure: one round tells all.
 */
import { run } from "./tools.ts";

interface Step {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

const STEPS: readonly Step[] = [
  { name: "format", command: "oxfmt", args: ["--check"] },
  { name: "lint", command: "npm", args: ["run", "--silent", "lint"] },
  { name: "types", command: "tsc", args: ["-p", "tsconfig.json"] },
  { name: "types of the core, without Node or DOM", command: "tsc", args: ["-p", "tsconfig.gate.json"] },
  { name: "types of the dashboard, without Node", command: "tsc", args: ["-p", "src/dashboard/tsconfig.json"] },
  { name: "unused code", command: "knip", args: [] },
  { name: "public API", command: "node", args: ["scripts/api-report.ts"] },
  { name: "schema of the configuration", command: "node", args: ["scripts/config-schema.ts"] },
  { name: "reference of the configuration", command: "node", args: ["scripts/config-docs.ts"] },
  { name: "build", command: "node", args: ["scripts/build.ts"] },
  { name: "package", command: "npm", args: ["run", "--silent", "lint:package"] },
];

let failed = 0;
for (const { name, command, args } of STEPS) {
  const startedAt = performance.now();
  // The package was built one step before: packing it for a look must not build it again.
  const { exitCode, output } = run(command, args, { env: { npm_config_ignore_scripts: "true" } });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${exitCode === 0 ? "ok  " : "FAIL"} ${name} (${seconds} s)`);
  if (exitCode === 0) continue;
  failed += 1;
  console.log(`\n${[command, ...args].join(" ")}\n${output}`);
}
if (failed > 0) {
  console.log(`${failed} of ${STEPS.length} steps failed`);
  process.exitCode = 1;
}
