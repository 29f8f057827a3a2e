import { Command } from "commander";

/** `headgate service`: the gateway as a service of this user. */
export function serviceCommand(): Command {
  const command = new Command("service").description(
    "Have the gateway run whenever you are logged in: a launchd agent on macOS, a systemd user unit on Linux.",
  );
  command
    .command("install")
    .description("Write the service's file, and start it; again, to change its flags or after an update of Node.")
    .argument("[flags...]", "after --: flags of headgate serve, such as -- --preempt --config /path/headgate.yaml")
    .option("--print", "only show the file")
    .action(async (flags: readonly string[], { print }: { readonly print?: true }) => {
      const { install } = await import("./service.ts");
      await install(flags, print === true);
    });
  command
    .command("uninstall")
    .description("Stop it, and remove its file.")
    .action(async () => {
      const { uninstall } = await import("./service.ts");
      await uninstall();
    });
  command
    .command("status")
    .description("Say whether it is installed and runs. Ends with 0 if it does, else with 3.")
    .action(async () => {
      const { showStatus } = await import("./service.ts");
      await showStatus();
    });
  return command;
}
