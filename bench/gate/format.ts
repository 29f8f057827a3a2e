import { duration } from "../common/quantity.ts";
import type { Cell } from "./cells.ts";
import type { Figure } from "./measurement.ts";
import { readingOf } from "./verdicts.ts";

/** "157 ns", "1.22 µs", "54.7 µs"; "313 B". */
function quantity(value: number, figure: Figure): string {
  return figure === "bytes" ? `${Math.round(value)} B` : duration(value);
}

export function cellText(cell: Cell, figure: Figure, which: "median" | "min"): string {
  switch (cell.outcome) {
    case "over":
      return `> ${cell.capMs / 1000} s`;
    case "failed":
      return `failed: ${cell.reason}`;
    case "not run":
      return "not run";
    case "measured": {
      const reading = readingOf(cell, figure);
      return reading === null ? "-" : quantity(reading[which], figure);
    }
  }
}
