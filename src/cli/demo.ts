import { NoAnswer } from "./bench/ask.ts";
import { NotMeasured, openTarget } from "./bench/open-target.ts";
import type { DemoFlags } from "./demo-command.ts";
import { showLetter } from "./demo/letter.ts";
import { raceAt, raceSimulated } from "./demo/race.ts";
import { EX_UNAVAILABLE } from "./exit-codes.ts";

/** Shows what the flags ask for. */
export async function demo(flags: DemoFlags): Promise<void> {
  try {
    if (flags.letter === true) await showLetter(flags);
    else await race(flags);
  } catch (error) {
    if (!(error instanceof NotMeasured || error instanceof NoAnswer)) throw error;
    process.stderr.write(`headgate: ${error.message}\n`);
    process.exitCode = EX_UNAVAILABLE;
  }
}

async function race({ upstream: url, apiKey, model, force, seconds }: DemoFlags): Promise<void> {
  const interrupted = new AbortController();
  process.once("SIGINT", () => interrupted.abort());
  if (url === undefined) return raceSimulated(process.stdout, seconds * 1000, interrupted.signal);
  const target = await openTarget({ url, apiKey, model, force: force === true });
  await raceAt(target, { screen: process.stdout, forMs: seconds * 1000 }, interrupted.signal);
}
