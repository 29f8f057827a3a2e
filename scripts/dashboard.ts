/**
 * The dashboard as the browser gets it: src/dashboard -> dist/dashboard, one script and one style sheet, with what they need of
 * npm packages inside.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { root } from "./tools.ts";

/** What ends up in the script, whose licences go with it. */
const BUNDLED = ["preact", "uplot"];
const SOURCES = join(root, "src/dashboard");

/** Takes a fraction of a second. Rejects with esbuild's messages when a source is wrong. */
export async function buildDashboard(): Promise<void> {
  const folder = join(root, "dist/dashboard");
  const { outputFiles } = await build({
    entryPoints: [
      { in: join(SOURCES, "main.tsx"), out: "dashboard" },
      { in: join(SOURCES, "styles/page.css"), out: "dashboard" },
      { in: join(SOURCES, "index.html"), out: "index" },
      { in: join(SOURCES, "icon.svg"), out: "icon" },
    ],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2023",
    jsx: "automatic",
    jsxImportSource: "preact",
    loader: { ".html": "copy", ".svg": "copy" },
    banner: { js: "/* With Preact and uPlot inside, see LICENSES.txt. */" },
    outdir: folder,
    write: false,
  });
  mkdirSync(folder, { recursive: true });
  for (const { path, contents } of outputFiles) write(path, contents);
  write(join(folder, "LICENSES.txt"), BUNDLED.map(licenceOf).join("\n"));
}

/** All of it at once, for a gateway that serves it or another build at the same time. */
function write(path: string, contents: string | Uint8Array): void {
  const half = `${path}.${process.pid}`;
  writeFileSync(half, contents);
  renameSync(half, path);
}

function licenceOf(name: string): string {
  return `${name}\n\n${readFileSync(join(root, "node_modules", name, "LICENSE"), "utf8")}`;
}
