import { Command, InvalidArgumentError, Option } from "commander";
import type { Scenario } from "./bench/scenarios.ts";
import { serverAddress } from "./server-address.ts";

/** As the command line gives them. */
export interface BenchFlags {
  readonly upstream?: URL;
  readonly apiKey?: string;
  readonly model?: string;
  readonly simulate?: true;
  readonly scenario?: readonly Scenario[];
  readonly minutes: number;
  readonly share: number;
  readonly clients?: number;
  readonly context: number;
  readonly force?: true;
  readonly json?: string;
}

/** `headgate bench`: what Headgate would make of one's own model server, measured. */
export function benchCommand(): Command {
  return new Command("bench")
    .description("Measure a model server: as it is, behind Headgate, and behind Headgate with --preempt.")
    .option("--upstream <url>", "the server to measure; else the only one found on the usual ports", serverAddress)
    .option("--api-key <key>", "key of the server, where it wants one")
    .option("--model <name>", "the model to ask, which the server may load; else one that is loaded")
    .option("--simulate", "measure a simulated server instead")
    .option("--scenario <people/background>", "chat or agents over batch or classify, repeatable", scenarioOf)
    .addOption(numeric("--minutes <n>", "about how long the whole of it may take", 10, (n) => n > 0))
    .addOption(numeric("--share <n>", "of the server's time, what people take", 0.3, (n) => n > 0 && n < 1))
    .addOption(numeric("--clients <n>", "clients of the background; else 4, or twice the slots", undefined, isCount))
    .addOption(numeric("--context <tokens>", "no request is longer, answer included", 8192, (n) => n >= 256))
    .option("--force", "measure although others use the server, or may")
    .option("--json <file>", "write the results to this file, or to standard output for -")
    .addHelpText(
      "after",
      "\nCtrl-C ends it and reports what was measured until then. The load is the same in every run.",
    )
    .action(async (flags: BenchFlags) => {
      // Loaded only here, as the gateway is that it needs: the other commands should start at once.
      const { bench } = await import("./bench.ts");
      await bench(flags);
    });
}

function numeric(
  usage: string,
  help: string,
  fallback: number | undefined,
  isGood: (value: number) => boolean,
): Option {
  const option = new Option(usage, help).argParser((text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value) || !isGood(value)) throw new InvalidArgumentError(`${help}.`);
    return value;
  });
  return fallback === undefined ? option : option.default(fallback);
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 1;
}

function scenarioOf(text: string, previous: readonly Scenario[] | undefined): readonly Scenario[] {
  const [people, background, ...more] = text.split("/");
  if (
    (people === "chat" || people === "agents") &&
    (background === "batch" || background === "classify") &&
    more.length === 0
  )
    return [...(previous ?? []), { people, background }];
  throw new InvalidArgumentError("chat/batch, chat/classify, agents/batch or agents/classify is wanted.");
}
