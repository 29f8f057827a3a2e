import { closeSync, existsSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { syncDirectory } from "../sync-directory.ts";

/** Makes an empty file that only its owner may read; SQLite gives its journals the same mode. One that exists stays as it is. */
export function createPrivately(path: string): void {
  if (existsSync(path)) return;
  closeSync(openSync(path, "a", 0o600));
  syncDirectory(dirname(path));
}
