import type { Cell } from "./cells.ts";
import type { Figure } from "./measurement.ts";
import { readingOf } from "./verdicts.ts";

/** Three digits and a unit: "157 ns", "1.22 µs", "54.7 µs"; "313 B". */
function quantity(value: number, figure: Figure): string {
  if (figure === "bytes") return `${Math.round(value)} B`;
  const units = ["ns", "µs", "ms", "s"];
  let unit = 0;
  let scaled = value;
  while (Number(scaled.toPrecision(3)) >= 1000 && unit < units.length - 1) {
    scaled /= 1000;
    unit++;
  }
  return `${digits(scaled)} ${units[unit]}`;
}

/** "8.21x": how many times; three digits. */
export function times(ratio: number): string {
  return `${digits(ratio)}x`;
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

function digits(value: number): string {
  const rounded = Number(value.toPrecision(3));
  return rounded >= 100 ? String(Math.round(rounded)) : value.toPrecision(3);
}
