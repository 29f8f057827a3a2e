import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { loadConfig } from "../../src/gateway/config/load-config.ts";
import { blocks, blocksOf, documents, root, type Block } from "./blocks.ts";
import { Workshop, type Tried } from "./workshop.ts";

/** How blocks of each language are tried. `text` is what a program prints, or a picture. */
const LANGUAGES = ["ts", "sh", "json", "yaml", "python", "nginx", "text"];

/** Each command starts a process, and there are many. */
const LIMIT_MS = 300_000;

function has(program: string): boolean {
  return spawnSync(program, ["--version"]).error === undefined;
}

/** Says all at once what is wrong with which block. */
function report(failures: readonly string[]): void {
  assert.equal(failures.length, 0, `\n${failures.join("\n\n")}`);
}

function failureOf({ at }: Block, { exitCode, output }: Tried): string[] {
  return exitCode === 0 ? [] : [`${at} ended with ${exitCode}:\n${output.slice(-2_000)}`];
}

test("every block of the documents says what it is, and one that is not tried says why", () => {
  assert.ok(documents.length > 1 && blocks.length > 10, "the documents were not found");
  report(
    blocks.flatMap(({ at, language, syntaxOnly }) => [
      ...(LANGUAGES.includes(language) ? [] : [`${at}: a block of "${language}" is not tried; say text if it is none`]),
      ...(syntaxOnly === "" ? [`${at}: say why only its syntax is looked at`] : []),
    ]),
  );
});

describe("blocks of the documents", () => {
  test("TypeScript compiles against the package as it is published", async () => {
    await using shop = await Workshop.open();
    const files = blocksOf("ts").map(({ setup, text }, index) => {
      const name = `block-${index}.ts`;
      shop.write(name, `${setup}\n${text}\nexport {};\n`);
      return name;
    });
    const exports = {
      headgate: "gate/index.ts",
      "headgate/mlx": "client/mlx.ts",
      "headgate/client": "client/index.ts",
    };
    const doors = { ...exports, "headgate/gateway": "gateway/index.ts", "headgate/testing": "testing/index.ts" };
    const paths = Object.fromEntries(Object.entries(doors).map(([name, file]) => [name, [join(root, "src", file)]]));
    const compilerOptions = {
      paths,
      noUnusedLocals: false,
      noUnusedParameters: false,
      typeRoots: [join(root, "node_modules/@types")],
    };
    shop.write(
      "tsconfig.json",
      JSON.stringify({ extends: join(root, "tsconfig.json"), compilerOptions, files, include: [] }),
    );
    const { exitCode, output } = await shop.run("tsc", ["-p", "tsconfig.json", "--pretty", "false"]);
    const named = output.replaceAll(/block-(\d+)\.ts/g, (_, index) => blocksOf("ts")[Number(index)]!.at);
    assert.equal(exitCode, 0, named);
  });

  test("TypeScript that can be run runs", async () => {
    await using shop = await Workshop.open();
    const preload = join(root, "test/support/package-from-source.ts");
    const failures: string[] = [];
    for (const block of blocksOf("ts").filter(({ run }) => run)) {
      const file = shop.write("run.ts", shop.here(`${block.setup}\n${block.text}`));
      failures.push(...failureOf(block, await shop.run("node", ["--import", preload, file])));
    }
    report(failures);
  });

  for (const document of documents) {
    const ours = blocksOf("sh").filter((block) => block.document === document);
    if (ours.length === 0) continue;
    test(`commands of ${document} run, against a gateway with a simulated server`, { timeout: LIMIT_MS }, async () => {
      await using shop = await Workshop.open();
      const failures: string[] = [];
      for (const block of ours) {
        const file = shop.write("block.sh", shop.here(`${block.setup}\n${block.text}`));
        const flags = block.syntaxOnly === undefined ? ["-euo", "pipefail"] : ["-n"];
        failures.push(...failureOf(block, await shop.run("bash", [...flags, file])));
      }
      report(failures);
    });
  }

  test("JSON is JSON", () => {
    for (const { text, at } of blocksOf("json")) assert.doesNotThrow(() => void JSON.parse(text), at);
  });

  test("YAML is a configuration that a gateway takes, unless it is another program's", async () => {
    await using shop = await Workshop.open();
    for (const { text, at, syntaxOnly } of blocksOf("yaml")) {
      if (syntaxOnly !== undefined) {
        assert.doesNotThrow(() => void parse(text), at);
        continue;
      }
      for (const [, name = ""] of text.matchAll(/file:(\S+)/g)) {
        mkdirSync(dirname(join(shop.folder, name)), { recursive: true });
        writeFileSync(join(shop.folder, name), `secret-of-${name}`);
      }
      const environment = Object.fromEntries(
        [...text.matchAll(/\$(\w+)/g)].map(([, name = ""]) => [name, `secret-of-${name}`]),
      );
      const config = shop.write("block.yaml", text);
      assert.doesNotThrow(() => void loadConfig({ flags: { config }, environment, folder: shop.folder }), at);
    }
  });

  test("Python compiles, and runs where it can", { skip: has("python3") ? false : "there is no python3" }, async () => {
    await using shop = await Workshop.open();
    const failures: string[] = [];
    for (const block of blocksOf("python")) {
      const file = shop.write("block.py", shop.here(`${block.setup}\n${block.text}`));
      const args = block.run ? ["-W", "error", file] : ["-W", "error", "-m", "py_compile", file];
      failures.push(...failureOf(block, await shop.run("python3", args)));
    }
    report(failures);
  });

  test("nginx takes its configuration", { skip: has("nginx") ? false : "there is no nginx" }, async () => {
    await using shop = await Workshop.open();
    const failures: string[] = [];
    for (const block of blocksOf("nginx")) {
      // Certificates are the reader's own, and the port needs rights.
      const text = block.text
        .replaceAll(/^\s*ssl_certificate.*$/gm, "")
        .replaceAll(/listen .*;/g, "listen 127.0.0.1:18443;");
      const around = `daemon off; pid ${shop.folder}/pid; error_log stderr; events {} http { access_log off; ${text} }`;
      failures.push(...failureOf(block, await shop.run("nginx", ["-t", "-c", shop.write("nginx.conf", around)])));
    }
    report(failures);
  });
});
