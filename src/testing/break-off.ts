import type { Delivery } from "./delivery.ts";
import type { Fault } from "./faults.ts";

/** A fault in the middle of an answer, which is over with it. */
export type BreakingFault = Extract<Fault, { kind: "reset" | "cut" | "short" | "garbage-inside" | "error-inside" }>;

export function isBreaking(fault: Fault): fault is BreakingFault {
  return ["reset", "cut", "short", "garbage-inside", "error-inside"].includes(fault.kind);
}

const GARBAGE = 'data: {"choices":[{"del\u0000\uFFFD\n\n<html>502</html>\n\n';

/** Ends an answer badly. `whole` gives the body of an answer that does not stream, of which half is sent. */
export function breakOff(
  fault: Exclude<BreakingFault, { kind: "error-inside" }>,
  delivery: Delivery,
  whole: (() => string) | undefined,
): void {
  if (fault.kind === "reset") {
    delivery.reset();
    return;
  }
  if (whole !== undefined) delivery.head("application/json");
  if (fault.kind === "garbage-inside") {
    delivery.end(GARBAGE);
    return;
  }
  const text = whole?.();
  const half = text?.slice(0, text.length / 2);
  if (fault.kind === "short") {
    delivery.end(half);
    return;
  }
  if (half !== undefined) delivery.write(half);
  delivery.cut();
}
