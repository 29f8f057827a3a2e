import { Command, InvalidArgumentError } from "commander";
import { serverAddress } from "./server-address.ts";

/** As the command line gives them. */
export interface DemoFlags {
  readonly upstream?: URL;
  readonly apiKey?: string;
  readonly model?: string;
  readonly letter?: true;
  readonly seconds: number;
  readonly force?: true;
}

/** `headgate demo`: the same people over the same background on three ways, for everybody to see. */
export function demoCommand(): Command {
  return new Command("demo")
    .description("Show people's waits behind background: first come first served, Headgate, Headgate --preempt.")
    .option("--upstream <url>", "a model server of your own (default: simulated ones)", serverAddress)
    .option("--api-key <key>", "key of the server, where it wants one")
    .option("--model <name>", "the model to ask (default: one that the server has loaded)")
    .option("--seconds <n>", "how long people come", secondsOf, 15)
    .option("--letter", "instead, show one long answer that steps aside for a person and goes on")
    .option("--force", "show it although others use the server")
    .action(async (flags: DemoFlags) => {
      // Loaded only here: it brings a gateway with it, and the other commands should start at once.
      const { demo } = await import("./demo.ts");
      await demo(flags);
    });
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== "" && seconds >= 1 && seconds <= 600) return seconds;
  throw new InvalidArgumentError("1 to 600 seconds are wanted.");
}
