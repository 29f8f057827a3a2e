import { fork } from "node:child_process";
import { join } from "node:path";

import type { Assignment, Message, Sample } from "./measurement.ts";

export type Outcome =
  | { readonly kind: "done"; readonly samples: readonly Sample[] }
  /** A sample took longer than the cap, and the process was ended. */
  | { readonly kind: "over" }
  | { readonly kind: "failed"; readonly reason: string };

/**
 * Measures in a fresh process, and ends it when one sample takes longer than `capMs`. Resolves when the process is gone.
 *
 * @param compileCache - a folder that spares every child the stripping of the same types.
 */
export function measureApart(assignment: Assignment, capMs: number, compileCache: string): Promise<Outcome> {
  const child = fork(join(import.meta.dirname, "child.ts"), [JSON.stringify(assignment)], {
    execArgv: ["--expose-gc"],
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const samples: Sample[] = [];
  let complaints = "";
  let over = false;
  let cap: NodeJS.Timeout | undefined;
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  child.on("message", (message: Message) => {
    clearTimeout(cap);
    if (message.type === "sample") samples.push(message.sample);
    else {
      cap = setTimeout(() => {
        over = true;
        child.kill("SIGKILL");
      }, capMs);
    }
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(cap);
      if (over) resolve({ kind: "over" });
      else if (code === 0 && samples.length > 0) resolve({ kind: "done", samples });
      else resolve({ kind: "failed", reason: reasonOf(code, signal, complaints) });
    });
  });
}

/** Exit code of a process whose event loop ran empty before its work was done. */
const UNSETTLED = 13;

function reasonOf(code: number | null, signal: string | null, complaints: string): string {
  if (code === UNSETTLED) return "a waiter was lost";
  if (complaints.includes("heap out of memory")) return "out of memory";
  const firstError = /^\w*Error.*$/m.exec(complaints)?.[0];
  return firstError ?? (code === null ? `ended by ${signal}` : `exit code ${code}`);
}
