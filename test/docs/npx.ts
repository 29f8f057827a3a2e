/**
 * `npx headgate …` for blocks of the documents, from the sources. A server would run for ever: it is started on a free port, and stopped as
 * soon as it says that it listens.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";

const [program, command, ...rest] = process.argv.slice(2);
if (program !== "headgate") throw new Error(`npx ${program}: only headgate can be tried here`);

const LISTENS = "Headgate listens on";
const serves = command === "serve";
const args = serves ? [command, ...onFreePort(rest)] : [command, ...rest].filter((word) => word !== undefined);
const child = spawn(process.execPath, [join(import.meta.dirname, "../../src/cli/main.ts"), ...args], {
  stdio: ["inherit", serves ? "pipe" : "inherit", "inherit"],
});
let said = "";
child.stdout?.setEncoding("utf8").on("data", (text: string) => {
  process.stdout.write(text);
  const listened = said.includes(LISTENS);
  said += text;
  // Once: a second signal would cut its shutdown short.
  if (!listened && said.includes(LISTENS)) child.kill("SIGTERM");
});
child.on("close", (code) => {
  process.exitCode = serves && !said.includes(LISTENS) ? 1 : (code ?? 1);
});

function onFreePort(flags: readonly string[]): string[] {
  const others = flags.map((flag) => flag.replace(/^(\[?[\w.:]*\]?):11400\b/, "$1:0"));
  const at = others.indexOf("--port");
  if (at >= 0) return others.with(at + 1, "0");
  return others.includes("--listen") ? others : [...others, "--port", "0"];
}
