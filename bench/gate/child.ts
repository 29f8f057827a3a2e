/**
 * One measurement in a process of its own: `node --expose-gc child.ts ASSIGNMENT`, an {@link Assignment} as JSON.
 *
 * Nothing of another contender is loaded, compiled or left in its heap. The parent ends it when a sample takes too long: a
 * library that spends a minute in one synchronous call could not look at a clock itself.
 */
import { contenderOf } from "./contenders.ts";
import type { Assignment, Message } from "./measurement.ts";
import { AcquirePasses, RunPasses, type Passes } from "./passes.ts";
import { collectGarbage, sample, warmUp } from "./situations.ts";

const assignment = JSON.parse(process.argv[2] ?? "") as Assignment;
const { situation } = assignment;

const open = await opener();
await warmUp(situation, open);
const startedAt = performance.now();
for (let taken = 0; taken < assignment.samples; taken++) {
  if (taken > 0 && performance.now() - startedAt > assignment.budgetMs) break;
  collectGarbage();
  await tell({ type: "begin" });
  await tell({ type: "sample", sample: await sample(situation, open) });
}
// At once: some contenders would go on for seconds with waiters that nobody waits for.
process.exit();

async function opener(): Promise<() => Passes> {
  const contender = contenderOf(assignment.contender, assignment.style);
  if (contender.style === "acquire") {
    const make = await contender.open();
    return () => new AcquirePasses(make());
  }
  const make = await contender.open();
  return () => new RunPasses(make());
}

function tell(message: Message): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send!(message, (error: Error | null) => (error === null ? resolve() : reject(error)));
  });
}
