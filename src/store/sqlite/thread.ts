/**
 * The thread that SQLite runs in. Its calls are synchronous and a commit waits for the disk: in the main thread that would hold up every
 * token on its way through.
 */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { type Call, GroupCommit, type Outcome } from "./group-commit.ts";
import { type Report, type ThreadOptions, toMessage } from "./messages.ts";
import { openDatabase, type OwnedDatabase } from "./open-database.ts";
import { toStoreError } from "./sqlite-error.ts";
import { Tidier } from "./tidier.ts";

/** From the main thread: a call, or that no more will come. */
export type Request = Call | "close";

/** More would let the first of them wait for long. */
const MAX_GROUP = 64;

function serve(port: MessagePort, { directory, minFreeBytes }: ThreadOptions): void {
  const say = (report: Report): void => port.postMessage(report);
  let owned: OwnedDatabase;
  try {
    owned = openDatabase(directory);
  } catch (error) {
    say({ kind: "refused", error: toMessage(toStoreError(directory, error)) });
    port.close();
    return;
  }
  const commits = new GroupCommit(owned, directory, minFreeBytes);
  const answer = (outcome: Outcome): void => {
    if ("error" in outcome) {
      say({ kind: "failed", id: outcome.id, error: toMessage(toStoreError(directory, outcome.error)) });
    } else {
      say({ kind: "answered", id: outcome.id, value: outcome.value });
    }
  };
  const tidier = new Tidier(commits);
  port.on("message", (first: Request) => {
    const group: Call[] = [];
    let request: Request | undefined = first;
    while (request !== undefined && request !== "close") {
      group.push(request);
      request = group.length < MAX_GROUP ? next(port) : undefined;
    }
    for (const outcome of commits.run(group)) answer(outcome);
    if (request !== "close") return tidier.wake();
    tidier.stop();
    owned.close();
    port.close();
  });
  tidier.wake();
  say({ kind: "opened" });
}

function next(port: MessagePort): Request | undefined {
  return receiveMessageOnPort(port)?.message as Request | undefined;
}

if (parentPort !== null) serve(parentPort, workerData as ThreadOptions);
