import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const src = join(import.meta.dirname, "../../src");

/** The gate and the client once more on disk, as a second installation would be: nothing is shared but the process. */
export class SecondCopy implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "headgate-second-copy-"));

  constructor() {
    writeFileSync(join(this.#folder, "package.json"), '{ "type": "module" }');
    for (const layer of ["gate", "client"]) cpSync(join(src, layer), join(this.#folder, layer), { recursive: true });
  }

  /** The module of the copy at that path below src: `copy.load<typeof Mlx>("client/mlx.ts")`. */
  async load<Module>(path: string): Promise<Module> {
    return (await import(pathToFileURL(join(this.#folder, path)).href)) as Module;
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}
