import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { buildSync } from "esbuild";

const LIMIT_BYTES = 6 * 1024;

test(`the core, minified and compressed, fits into ${LIMIT_BYTES} bytes`, (t) => {
  const { outputFiles } = buildSync({
    entryPoints: [join(import.meta.dirname, "../../src/gate/index.ts")],
    bundle: true,
    minify: true,
    format: "esm",
    platform: "neutral",
    write: false,
  });
  const [bundle] = outputFiles;
  assert.ok(bundle !== undefined);
  const compressedBytes = gzipSync(bundle.contents, { level: 9 }).byteLength;
  const figures = `${compressedBytes} bytes compressed, ${bundle.contents.byteLength} minified`;
  t.diagnostic(figures);
  assert.ok(compressedBytes <= LIMIT_BYTES, `the core takes ${figures}; the limit is ${LIMIT_BYTES} compressed`);
});
