import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Where the blobs of a data directory are. */
export const BLOB_DIRECTORY = "blobs";

/** How the file of a blob is called until it is complete. */
export const UNFINISHED = ".part";

/** Removes what a crash left half-written. Only for the owner of the directory: with another's it would remove what is being written. */
export function sweepUnfinishedBlobs(directory: string): void {
  const blobs = join(directory, BLOB_DIRECTORY);
  let names: string[];
  try {
    names = readdirSync(blobs);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  for (const name of names) if (name.endsWith(UNFINISHED)) rmSync(join(blobs, name), { force: true });
}
