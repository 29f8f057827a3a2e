import { styleText } from "node:util";
import { isRequestLine, requestText, type RequestLine } from "./log-requests.ts";

/** A line as pino wrote it, read back. */
type LogLine = Readonly<Record<string, unknown>> & {
  readonly level: string;
  readonly time: string;
  readonly msg?: string;
};

type Style = Parameters<typeof styleText>[0];

const LEVEL_STYLES: Readonly<Record<string, Style>> = {
  debug: "dim",
  info: "cyan",
  warn: ["yellow", "bold"],
  error: ["red", "bold"],
};

/** A JSON line of the log as a person reads it: time of day, how bad it is, what happened, and the details. */
export function textLine(json: string, colours: boolean): string {
  const line = JSON.parse(json) as LogLine;
  const paint = (style: Style, text: string): string =>
    colours ? styleText(style, text, { validateStream: false }) : text;
  const time = paint("dim", timeOfDay(line.time));
  if (isRequestLine(line)) return `${time} ${paintRequest(line, paint)}\n`;
  const level = paint(LEVEL_STYLES[line.level] ?? "bold", line.level.toUpperCase().padEnd(5));
  const { level: _level, time: _time, msg = "", err, ...details } = line;
  const rest = Object.entries(details).map(([name, value]) =>
    plain(`${name}=${typeof value === "string" ? value : JSON.stringify(value)}`),
  );
  return `${[time, level, plain(msg), paint("dim", rest.join(" "))].filter((part) => part !== "").join(" ")}\n${errorText(err)}`;
}

function paintRequest(line: RequestLine, paint: (style: Style, text: string) => string): string {
  const text = plain(requestText(line));
  if (line.level === "error") return paint("red", text);
  if (line.level === "warn") return paint("yellow", text);
  return line.outcome === "finished" ? text : paint("dim", text);
}

/** In the machine's own time zone, as the clock on the wall. */
function timeOfDay(iso: string): string {
  return new Date(iso).toTimeString().slice(0, 8);
}

/** An error that has a code explains itself; of any other the stack is wanted. */
function errorText(err: unknown): string {
  if (typeof err !== "object" || err === null) return "";
  const { code, message, stack } = err as { code?: unknown; message?: unknown; stack?: unknown };
  const text = String(code === undefined ? (stack ?? message) : message);
  return text
    .split("\n")
    .map((line) => `         ${plain(line)}\n`)
    .join("");
}

/** What clients send ends up here: no control character of theirs reaches the terminal. */
function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/g, "?");
}
