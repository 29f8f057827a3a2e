import { Command, Option } from "commander";
import { FLAGS, isRepeatable } from "../gateway/config/flags.ts";

/** `headgate serve`. */
export function serveCommand(): Command {
  const command = new Command("serve").description(
    "Put one address in front of the model servers of this machine, and decide who goes next.",
  );
  for (const flag of FLAGS) {
    const option = new Option(flag.usage, flag.help);
    if (isRepeatable(flag)) option.argParser<string[] | undefined>((value, previous) => [...(previous ?? []), value]);
    command.addOption(option);
  }
  command.option("--keep-awake", "macOS: keep the machine from falling asleep while requests wait or run");
  command.addOption(new Option("--launchd", "end with 0 where launchd must not start it again").hideHelp());
  return command.action(async (flags: Record<string, unknown>) => {
    // Loaded only here: the gateway is most of the program, and the other commands should start at once.
    const { serve } = await import("./serve.ts");
    await serve(flags);
  });
}
