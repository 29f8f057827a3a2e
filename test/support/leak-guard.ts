/**
 * Fails a test file that leaves something alive: a socket, a server, a timer, a child process.
 *
 * Preload it (`node --test --import ./test/support/leak-guard.ts`): it then runs in the process of every test file, after the file's
 * own `after` hooks. Without it such a file would hang until its time is up, and the message would not say why.
 *
 * It sees what keeps a process alive, so whatever was unreferenced is not a leak here. Permits and waiters are no handles: their
 * own tests count them.
 */
import { relative } from "node:path";
import { after, type SuiteContext, type TestContext } from "node:test";
import { setImmediate as nextTurn, setTimeout as pause } from "node:timers/promises";

/** A handle closed in the last test is gone after a turn or two of the event loop; the slow turns are for a loaded machine. */
const QUICK_TURNS = 20;
const SLOW_TURNS = 50;
const SLOW_TURN_MS = 10;

// Looked at once, so that the handles of the standard streams belong to the beginning. To import "node:process" opens all three.
void process.stdin.isTTY;
void process.stdout.isTTY;
void process.stderr.isTTY;
const atStart = countByType(process.getActiveResourcesInfo());

function countByType(resources: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const type of resources) counts.set(type, (counts.get(type) ?? 0) + 1);
  return counts;
}

/** What is alive now and was not at the beginning, as "2 x Timeout". */
function leftovers(): string[] {
  const left: string[] = [];
  for (const [type, count] of countByType(process.getActiveResourcesInfo())) {
    const extra = count - (atStart.get(type) ?? 0);
    if (extra > 0) left.push(`${extra} x ${type}`);
  }
  return left;
}

async function assertNothingIsLeft(): Promise<void> {
  for (let turn = 0; turn < QUICK_TURNS + SLOW_TURNS; turn++) {
    await (turn < QUICK_TURNS ? nextTurn() : pause(SLOW_TURN_MS));
    if (leftovers().length === 0) return;
  }
  const left = leftovers();
  // The leak itself would keep this process from ending, and with it the report below from being read.
  setImmediate(() => process.stdout.write("", () => process.exit(1)));
  const file = relative(process.cwd(), process.argv[1] ?? "");
  throw new Error(`${file} leaves ${left.join(", ")} alive after its last test; close it in the test that opened it`);
}

// Registered from within a hook, through the root's own context: only so does it come after the file's hooks, which clean up.
after((root: TestContext | SuiteContext) => {
  (root as TestContext).after(assertNothingIsLeft);
});
