#!/usr/bin/env node
/**
 * The `headgate` command.
 *
 * Exit codes: 0 when done, 64 when the command line cannot be understood, 69 when no gateway answers, 77 when it
 * wants another key, 78 when the configuration is wrong; `headgate run`
 * passes on the code of its command.
 */
import { Command, CommanderError } from "commander";
import { batchCommand } from "./batch/batch-command.ts";
import { benchCommand } from "./bench-command.ts";
import { demoCommand } from "./demo-command.ts";
import { doctorCommand } from "./doctor.ts";
import { EX_USAGE } from "./exit-codes.ts";
import { runCommand } from "./run.ts";
import { serveCommand } from "./serve-command.ts";
import { serviceCommand } from "./service-command.ts";
import { statusCommand } from "./status.ts";
import { version } from "./version.ts";

const program = new Command("headgate")
  .description("A priority gate for self-hosted LLM inference: people first, pipelines in every idle moment.")
  .version(version(), "-v, --version")
  .addCommand(serveCommand())
  .addCommand(runCommand())
  .addCommand(statusCommand())
  .addCommand(batchCommand())
  .addCommand(doctorCommand())
  .addCommand(demoCommand())
  .addCommand(benchCommand())
  .addCommand(serviceCommand())
  .showHelpAfterError("(headgate --help lists what there is)")
  .exitOverride();

// Or it would end the process itself, with code 1.
for (const command of program.commands) {
  command.copyInheritedSettings(program);
  for (const below of command.commands) below.copyInheritedSettings(program);
}

// A reader that has seen enough, as head does, is no failure; a gateway runs on without one.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  if (process.argv[2] !== "serve") process.exit();
});

try {
  // Who says nothing asks what there is to say.
  if (process.argv.length === 2) program.outputHelp();
  else await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  // Help and version end this way too, with code 0.
  process.exitCode = error.exitCode === 0 ? 0 : EX_USAGE;
}
