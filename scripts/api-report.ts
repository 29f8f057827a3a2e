/**
 * The public API as the compiler declares it, committed under etc/api: a change of it is a change somebody must have meant.
 *
 * `npm run api` writes the report, `node scripts/api-report.ts` compares it. One file for each entry of package.json, without
 * comments and without what is internal: prose and insides may change freely.
 */
import { globSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, posix, sep } from "node:path";
import { type DeclarationFiles, type Neighbour, surfaceOf } from "./declarations.ts";
import { root, run } from "./tools.ts";

const REPORT_FOLDER = "etc/api";

/** Name of a report file and its text. */
export type ApiReport = ReadonlyMap<string, string>;

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
}

/** Compiles the entries and what they import, and nothing else: a layer that is not public has no say here. */
function emittedDeclarations(entries: readonly string[]): DeclarationFiles {
  const folder = mkdtempSync(join(tmpdir(), "headgate-api-"));
  try {
    const config = {
      extends: join(root, "tsconfig.build.json"),
      compilerOptions: {
        emitDeclarationOnly: true,
        removeComments: true,
        rootDir: join(root, "src"),
        outDir: folder,
        typeRoots: [join(root, "node_modules/@types")],
      },
      files: entries.map((entry) => join(root, "src", entry.replace(/\.d\.ts$/, ".ts"))),
      include: [],
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const { exitCode, output } = run("tsc", ["-p", folder]);
    if (exitCode !== 0) throw new Error(`the public entries do not compile:\n${output}`);
    const files = globSync("**/*.d.ts", { cwd: folder });
    return new Map(files.map((file) => [file.replaceAll(sep, "/"), readFileSync(join(folder, file), "utf8")]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What the compiler says now. Throws with the compiler's own words when the sources do not compile. */
export function currentApi(): ApiReport {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
  const entries = Object.entries(manifest.exports).flatMap(([subpath, target]) => {
    if (typeof target === "string") return [];
    return { specifier: posix.join(manifest.name, subpath), file: posix.relative("dist", target.types) };
  });
  const files = emittedDeclarations(entries.map(({ file }) => file));
  const report = new Map<string, string>();
  const neighbours: Neighbour[] = [];
  for (const { specifier, file } of entries) {
    const { exported, text } = surfaceOf(files, file, neighbours);
    report.set(`${specifier.replaceAll("/", "-")}.d.ts`, `// ${specifier}\n\n${text}`);
    neighbours.push({ specifier, exported });
  }
  return report;
}

/** What is committed. */
export function committedApi(): ApiReport {
  const folder = join(root, REPORT_FOLDER);
  const files = readdirSync(folder);
  return new Map(files.map((file) => [file, readFileSync(join(folder, file), "utf8")]));
}

/** The files that differ, each with what happened to it. Empty when the report is up to date. */
export function differences(committed: ApiReport, current: ApiReport): string[] {
  const found: string[] = [];
  for (const [file, text] of current) {
    if (!committed.has(file)) found.push(`${file} is new`);
    else if (committed.get(file) !== text) found.push(`${file} changed`);
  }
  for (const file of committed.keys()) if (!current.has(file)) found.push(`${file} is gone`);
  return found.toSorted();
}

function write(report: ApiReport): void {
  const folder = join(root, REPORT_FOLDER);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of report) writeFileSync(join(folder, file), text);
}

if (import.meta.main) {
  if (process.argv.includes("--write")) {
    write(currentApi());
  } else {
    const found = differences(committedApi(), currentApi());
    if (found.length > 0) {
      console.error(`the public API is not what ${REPORT_FOLDER} says:\n  ${found.join("\n  ")}`);
      console.error("if that is meant, run `npm run api` and commit the difference");
      process.exitCode = 1;
    }
  }
}
