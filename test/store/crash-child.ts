/**
 * A process that owns a data directory and is killed at it: `crash-child.ts JOB DIRECTORY [LINES] [STEP]`.
 *
 * - `hold` takes the directory and keeps it.
 * - `work` takes its batch as far as it gets, and prints what the store acknowledged. With STEP it kills itself at that step.
 */
import { createDataStore } from "../../src/store/data-store.ts";
import { runJob } from "./crash-job.ts";
import { aFile } from "./samples.ts";

const [job, directory = "", lines = "0", fatalStep] = process.argv.slice(2);
const { store, blobs } = createDataStore({ directory, minFreeBytes: 0 });

let steps = 0;
function step(name: string): void {
  if (String(++steps) !== fatalStep) return;
  process.stdout.write(`dies ${name}\n`);
  process.kill(process.pid, "SIGKILL");
  for (;;);
}

if (job === "hold") {
  await store.addFile(aFile("file-held"));
  process.stdout.write("holds\n");
} else {
  const tell = (acknowledged: object): boolean => process.stdout.write(`${JSON.stringify(acknowledged)}\n`);
  const batch = await runJob({ store, blobs, lines: Number(lines), step, tell });
  process.stdout.write(`${batch.status}\n`);
  await store.close();
}
