/**
 * headgate.schema.json: what editors complete a configuration from, and other programs check it with.
 *
 * `npm run config:schema` writes it. Without `--write` it says whether the committed file is current.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { publishedSchema } from "../src/gateway/config/published-schema.ts";
import { root, run } from "./tools.ts";

const file = join(root, "headgate.schema.json");
if (process.argv.includes("--write")) {
  writeFileSync(file, JSON.stringify(publishedSchema()));
  const { exitCode, output } = run("oxfmt", [file]);
  if (exitCode !== 0) throw new Error(output);
} else if (!isDeepStrictEqual(JSON.parse(readFileSync(file, "utf8")), publishedSchema())) {
  console.log("headgate.schema.json is not current; run npm run config:schema");
  process.exitCode = 1;
}
