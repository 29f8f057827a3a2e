/**
 * Preload it (`node --import`) to run a program that imports the package by its public names, without a build: they lead to
 * the sources that `exports` in package.json names by their built files.
 */
import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import manifest from "../../package.json" with { type: "json" };

const root = join(import.meta.dirname, "../..");

registerHooks({
  resolve(specifier, context, nextResolve) {
    const [name, ...door] = specifier.split("/");
    if (name !== manifest.name) return nextResolve(specifier, context);
    const entry = (manifest.exports as Record<string, string | { default: string }>)[[".", ...door].join("/")];
    if (typeof entry !== "object") return nextResolve(specifier, context);
    const source = entry.default.replace("./dist/", "src/").replace(/\.js$/, ".ts");
    return { url: pathToFileURL(join(root, source)).href, shortCircuit: true };
  },
});
