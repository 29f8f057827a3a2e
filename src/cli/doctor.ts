import { Command } from "commander";
import { systemClock } from "../gate/index.ts";
import { findServers } from "../gateway/discovery.ts";
import { examine, type ExamineOptions, type Report } from "./doctor/examine.ts";
import { reportLines } from "./doctor/report-text.ts";
import { serverAddress } from "./server-address.ts";

interface DoctorFlags {
  readonly upstream?: readonly URL[];
  readonly apiKey?: string;
  readonly model?: string;
  readonly force?: true;
  readonly json?: true;
}

/** `headgate doctor`: what the model servers of this machine can do, measured, and what to change. */
export function doctorCommand(): Command {
  return new Command("doctor")
    .description("Look at the model servers, try them with a few small requests, and say what to change.")
    .option("--upstream <url>", "examine this server, repeatable; else those found on the usual ports", collect)
    .option("--api-key <key>", "key of the servers, where they want one")
    .option("--model <name>", "try this model, which the server may load; else one that is loaded")
    .option("--force", "try it although others use it")
    .option("--json", "the reports as JSON")
    .addHelpText("after", "\nEnds with 0 when all is well, with 1 when there is a problem or no server.")
    .action((flags: DoctorFlags) => doctor(flags));
}

async function doctor({ upstream, apiKey, model, force, json }: DoctorFlags): Promise<void> {
  const urls = upstream ?? (await findServers(new Set())).map(({ url }) => url);
  const options: ExamineOptions = { apiKey, model, force: force === true, clock: systemClock };
  const reports: Report[] = [];
  // One after the other: two on one machine would measure each other.
  for (const url of urls) reports.push(await examine(url, options));
  process.stdout.write(json === true ? `${JSON.stringify({ servers: reports }, null, 2)}\n` : asText(reports));
  if (reports.length === 0 || reports.some(({ problems }) => problems.length > 0)) process.exitCode = 1;
}

function asText(reports: readonly Report[]): string {
  if (reports.length > 0) return `${reports.map((report) => reportLines(report).join("\n")).join("\n\n")}\n`;
  return "No model server was found on the usual ports of this machine. Start one, or name one: --upstream http://127.0.0.1:8080\n";
}

function collect(text: string, previous: readonly URL[] | undefined): readonly URL[] {
  return [...(previous ?? []), serverAddress(text)];
}
