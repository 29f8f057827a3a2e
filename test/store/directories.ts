import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MEMORY = "/dev/shm";

/** A new directory, in memory where the system has such a thing: most tests are not about what a disk keeps, and wait for none. */
export function quickDirectory(): string {
  return mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), "headgate-store-"));
}
