import { Command } from "commander";
import { fetchStatus, GatewayUnavailable, withGatewayFlags, type GatewayFlags } from "./gateway-client.ts";
import { statusLines } from "./status-text.ts";
import { watchStatus } from "./watch-status.ts";

interface StatusFlags extends GatewayFlags {
  readonly watch?: true;
  readonly json?: true;
}

/** `headgate status`: who runs, who waits, and for how long. */
export function statusCommand(): Command {
  return withGatewayFlags(new Command("status"))
    .description("Show the servers, the gates, and who runs and waits.")
    .option("--watch", "keep showing it: a table on a terminal, a line for each change elsewhere")
    .option("--json", "the status as JSON, as GET /headgate/status gives it")
    .action((flags: StatusFlags) => showStatus(flags));
}

async function showStatus(flags: StatusFlags): Promise<void> {
  try {
    if (flags.watch === true) return await watchStatus(flags, process.stdout, untilInterrupted());
    const status = await fetchStatus(flags);
    const text = flags.json === true ? JSON.stringify(status, null, 2) : statusLines(flags.gateway, status).join("\n");
    process.stdout.write(`${text}\n`);
  } catch (error) {
    if (!(error instanceof GatewayUnavailable)) throw error;
    process.stderr.write(`headgate: ${error.message}\n`);
    process.exitCode = error.exitCode;
  }
}

function untilInterrupted(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}
