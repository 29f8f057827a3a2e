import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { startGateway, type GatewayUnderTest } from "../support/gateway.ts";
import { root } from "./blocks.ts";

const LIMIT_MS = 110_000;

/** How a block ended. */
export interface Tried {
  readonly exitCode: number | null;
  readonly output: string;
}

/**
 * Where blocks are tried as they stand: a folder of its own, a gateway in the place of 127.0.0.1:11400, a simulated model server in the
 * place of a real one on its usual port, and `npx headgate` from the sources.
 */
export class Workshop implements AsyncDisposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), "headgate-docs-"));
  readonly #gateway: GatewayUnderTest;

  private constructor(gateway: GatewayUnderTest) {
    this.#gateway = gateway;
    symlinkSync(join(root, "node_modules"), join(this.folder, "node_modules"));
    symlinkSync(join(root, "package.json"), join(this.folder, "package.json"));
    mkdirSync(join(this.folder, "bin"));
    this.#program("npx", `exec "${process.execPath}" "${join(root, "test/docs/npx.ts")}" "$@"`);
    // It would install into the repository's own node_modules.
    this.#program("npm", "echo 'npm is not for blocks that are run' >&2; exit 1");
  }

  static async open(): Promise<Workshop> {
    const server = { engine: "llama-server", models: ["qwen3-8b"], answer: { tokens: 12 }, strict: false } as const;
    const data = mkdtempSync(join(tmpdir(), "headgate-docs-data-"));
    return new Workshop(await startGateway({ server, config: { data, preempt: { enabled: true } } }));
  }

  /** The block with the addresses of this place. */
  here(text: string): string {
    const { url, server } = this.#gateway;
    return text
      .replaceAll("http://127.0.0.1:11400", url)
      .replaceAll(/http:\/\/127\.0\.0\.1:(?:8080|8000|1234|11434|30000)\b/g, server.url);
  }

  #program(name: string, text: string): void {
    const file = join(this.folder, "bin", name);
    writeFileSync(file, `#!/bin/sh\n${text}\n`);
    chmodSync(file, 0o755);
  }

  write(name: string, text: string): string {
    const file = join(this.folder, name);
    writeFileSync(file, text);
    return file;
  }

  /** Runs a program in the folder, to its end or the limit. */
  async run(command: string, args: readonly string[]): Promise<Tried> {
    const child = spawn(command, args, {
      cwd: this.folder,
      timeout: LIMIT_MS,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        HOME: this.folder,
        HEADGATE_URL: this.#gateway.url,
        PATH: [join(this.folder, "bin"), join(root, "node_modules/.bin"), process.env["PATH"]].join(delimiter),
        PYTHONPATH: join(root, "examples/python"),
        PYTHONDONTWRITEBYTECODE: "1",
      },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    const [exitCode] = (await once(child, "close")) as [number | null];
    return { exitCode, output };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#gateway[Symbol.asyncDispose]();
    rmSync(this.#gateway.gateway.config.data!, { recursive: true });
    rmSync(this.folder, { recursive: true });
  }
}
