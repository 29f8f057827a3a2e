import { pino, stdTimeFunctions, type Logger } from "pino";
import type { LogConfig } from "./config/types.ts";
import { LogOutput } from "./log-output.ts";
import { textLine } from "./log-text.ts";

/** What a log is written to. */
export interface LogStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  hasColors?(): boolean;
}

/** One for the process, so that lines of several gateways keep their order. */
let standardOutput: LogOutput | undefined;

/**
 * The log of a gateway: one JSON object a line, or text for people on a terminal. Without a `stream` it is standard output,
 * written without ever waiting for whoever reads it; what cannot be written is lost, and harms nothing else.
 *
 * A reload changes the level by `log.level = "debug"`.
 */
export function createLog({ level, form }: LogConfig, stream?: LogStream): Logger {
  const onTerminal = (stream ?? process.stdout).isTTY === true;
  const colours = (stream ?? process.stdout).hasColors?.() === true;
  const sink = stream ?? (standardOutput ??= new LogOutput(1));
  const asText = form === "text" || (form === "auto" && onTerminal);
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: plainError },
    },
    asText ? { write: (line) => void sink.write(textLine(line, colours)) } : { write: (line) => void sink.write(line) },
  );
}

/** What an error says of itself. Not its other members, which may hold whole requests. */
function plainError(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name: type, message, stack, cause } = error;
  const { code } = error as { code?: unknown };
  return {
    type,
    ...((typeof code === "string" || typeof code === "number") && { code }),
    message,
    stack,
    ...(cause !== undefined && { cause: plainError(cause) }),
  };
}
