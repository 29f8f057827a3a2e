import { count, times } from "../common/quantity.ts";
import type { Table } from "../common/render.ts";
import type { ComparisonSummary } from "./comparisons.ts";
import type { Style } from "./contender.ts";
import { cellText } from "./format.ts";
import type { Results, ResultRow } from "./results.ts";
import { limitOf, targets, verdictsOn, type Verdict } from "./verdicts.ts";

const STYLES: readonly Style[] = ["acquire", "run"];

export function tablesOf(results: Results): Table[] {
  const { comparisons, rows } = results;
  return [
    ...STYLES.map((style) => targetTable(style, rows)),
    ...STYLES.map((style) => contenderTable(style, rows, "median")),
    ...STYLES.map((style) => contenderTable(style, rows, "min")),
    ...STYLES.map((style) => partsTable(style, rows)),
    comparisonTable(comparisons),
  ];
}

function targetTable(style: Style, rows: readonly ResultRow[]): Table {
  return {
    title: `\`${style}\`: how many times better than the best rival`,
    columns: ["", "headgate", ...targets.map((target) => target.name)],
    lines: rowsOf(style, rows).map((row) => [
      row.title,
      cellText(row.entrants.find(({ role }) => role === "ours")!.cell, row.figure, "median"),
      ...verdictsOn(row).map(verdictText),
    ]),
  };
}

/** "8.21x p-queue met"; for the bare FIFO the other way round, how many times worse. */
function verdictText(verdict: Verdict): string {
  const { met, rival } = verdict;
  if (rival === null) return "-";
  const word = met === null ? "open" : met ? "met" : "MISSED";
  return `${ratioText(verdict)} ${rival.role === "bare" ? "" : `${rival.id} `}${word}${verdict.close ? " (close)" : ""}`;
}

function ratioText({ atLeast, ratio, target }: Verdict): string {
  if (ratio === null) return "?";
  if (target.factor < 1) return `${atLeast ? "< " : ""}${times(1 / ratio)}`;
  return `${atLeast ? "> " : ""}${times(ratio)}`;
}

function contenderTable(style: Style, rows: readonly ResultRow[], which: "median" | "min"): Table {
  const own = rowsOf(style, rows);
  const ids = [...new Set(own.flatMap((row) => row.entrants.map(({ id }) => id)))];
  return {
    title: `\`${style}\`: ${which === "median" ? "medians" : "minima"} of all contenders`,
    columns: ["", ...ids],
    lines: own.map((row) => [
      row.title,
      ...ids.map((id) => {
        const entrant = row.entrants.find((other) => other.id === id);
        return entrant === undefined ? "-" : cellText(entrant.cell, row.figure, which);
      }),
    ]),
  };
}

/** Enqueue and hand-off apart, where the total was timed over both. */
function partsTable(style: Style, rows: readonly ResultRow[]): Table {
  const own = rowsOf(style, rows).filter((row) => row.figure === "total" && hasParts(row));
  const ids = [...new Set(own.flatMap((row) => row.entrants.map(({ id }) => id)))];
  return {
    title: `\`${style}\`: enqueue + hand-off apart, medians`,
    columns: ["", ...ids],
    lines: own.map((row) => [
      row.title,
      ...row.entrants.map(({ cell }) =>
        cell.outcome === "measured"
          ? `${cellText(cell, "enqueue", "median")} + ${cellText(cell, "handOff", "median")}`
          : cellText(cell, row.figure, "median"),
      ),
    ]),
  };
}

function hasParts(row: ResultRow): boolean {
  return row.entrants.some(({ cell }) => cell.outcome === "measured" && cell.figures.handOff !== undefined);
}

function comparisonTable(comparisons: readonly ComparisonSummary[]): Table {
  return {
    title: "Comparisons per operation of headgate's waiting line (counted, not timed)",
    columns: ["", "mean", "mean / log2 n", "most", "bound of one operation", "beyond its bound"],
    lines: comparisons.map(({ beyondBound, bound, mean, most, order, waiters }) => [
      `${count(waiters)}, ${order}`,
      mean.toFixed(2),
      (mean / Math.log2(waiters)).toFixed(2),
      String(most),
      String(bound),
      String(beyondBound),
    ]),
  };
}

/** One line for each target: in how many rows it is met; then every row that falls short, by how much, and what limits it. */
export function summaryOf(results: Results): string[] {
  const judged = results.rows.flatMap((row) => verdictsOn(row).map((verdict) => ({ row, verdict })));
  const lines: string[] = [];
  for (const target of targets) {
    const own = judged.filter(({ verdict }) => verdict.target === target && verdict.rival !== null);
    const met = own.filter(({ verdict }) => verdict.met === true);
    const open = own.filter(({ verdict }) => verdict.met === null);
    lines.push(
      `${target.name}: met in ${met.length} of ${own.length} rows${open.length > 0 ? `, ${open.length} open` : ""}`,
    );
  }
  const beyond = results.comparisons.filter(({ beyondBound }) => beyondBound > 0).length;
  lines.push(`O(log n) comparisons: ${beyond === 0 ? "met" : "MISSED"} in every order of arrival`);
  for (const { row, verdict } of judged) {
    if (verdict.met === false) lines.push(`MISSED ${row.style}, ${row.title}: ${shortfall(row, verdict)}`);
  }
  return lines;
}

function shortfall(row: ResultRow, verdict: Verdict): string {
  const text = `${verdict.target.name}: ${ratioText(verdict)} ${verdict.rival!.id}${verdict.close ? " (close)" : ""}`;
  const limit = limitOf(row, verdict);
  if (limit === null || limit.ratio >= verdict.target.factor) return text;
  return `${text}; out of reach: ${limit.entrant.id} itself reaches ${times(limit.ratio)}`;
}

function rowsOf(style: Style, rows: readonly ResultRow[]): ResultRow[] {
  return rows.filter((row) => row.style === style);
}
