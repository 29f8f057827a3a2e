import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { quickDirectory } from "./directories.ts";

/** A disk of a few megabytes that a test can fill up. */
export interface SmallDisk extends Disposable {
  readonly directory: string;
  /** Takes what is left of it, but for so many bytes. */
  fillUp(leaveBytes?: number): void;
  /** Gives back what `fillUp` took. */
  makeRoom(): void;
}

/** Mounts one; undefined where that is not allowed. */
export function smallDisk(megabytes: number): SmallDisk | undefined {
  const parent = quickDirectory();
  const directory = join(parent, "disk");
  mkdirSync(directory);
  const remove = (): void => rmSync(parent, { recursive: true, force: true });
  const mounted =
    process.platform === "linux" &&
    spawnSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "headgate-test", directory]).status === 0;
  if (!mounted) {
    remove();
    return undefined;
  }
  const ballast = join(directory, "ballast");
  return {
    directory,
    fillUp(leaveBytes = 0) {
      const pages = Math.ceil(leaveBytes / 4096);
      const spare = join(directory, "spare");
      writeFileSync(spare, Buffer.alloc(pages * 4096));
      writeUntilFull(ballast);
      rmSync(spare);
    },
    makeRoom: () => rmSync(ballast, { force: true }),
    [Symbol.dispose]() {
      spawnSync("umount", ["-l", directory]);
      if (!existsSync(join(directory, "ballast"))) remove();
    },
  };
}

function writeUntilFull(path: string): void {
  for (let piece = 256 * 1024; piece >= 1024; piece /= 2) {
    try {
      for (;;) writeFileSync(path, Buffer.alloc(piece), { flag: "a" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    }
  }
}
