import type { Results } from "./results.ts";
import { summaryOf, tablesOf, type Table } from "./tables.ts";

export function terminalReport(results: Results): string {
  const tables = tablesOf(results).map((table) => `${table.title}\n\n${aligned(table)}`);
  return [conditions(results), ...tables, summaryOf(results).join("\n")].join("\n\n");
}

export function markdownReport(results: Results): string {
  const tables = tablesOf(results).map((table) => `### ${capital(table.title)}\n\n${piped(table)}`);
  const summary = summaryOf(results).map((line) => `- ${line}`);
  return [conditions(results), summary.join("\n"), ...tables].join("\n\n");
}

/** Beyond this share of the cores the machine had other things to do. */
const BUSY_SHARE = 0.25;

function conditions({ effort, environment }: Results): string {
  const { commit, cores, cpu, loadBefore, measuredAt, memoryGiB, modified, node, packages, platform } = environment;
  const versions = Object.entries(packages).map(([name, version]) => `${name} ${version}`);
  const source = commit === null ? "no commit" : `commit ${commit.slice(0, 12)}${modified ? " with changes" : ""}`;
  const lines = [
    `\`${environment.command}\` on ${measuredAt.slice(0, 10)}, ${source}; Node ${node}, ${platform}, ${cores} cores of ${cpu},`,
    `${memoryGiB} GiB; ${versions.join(", ")}. At most ${effort.rounds} x ${effort.samples} samples of each figure.`,
  ];
  if (loadBefore > BUSY_SHARE * cores) {
    lines.push(`**The machine was busy (load ${loadBefore} on ${cores} cores): these figures are noise.**`);
  }
  return lines.join("\n");
}

function aligned({ columns, lines }: Table): string {
  const all = [columns, ...lines];
  const widths = columns.map((_, column) => Math.max(...all.map((line) => line[column]!.length)));
  return all
    .map((line) =>
      line
        .map((text, column) => pad(text, widths[column]!, column === 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function pad(text: string, width: number, left: boolean): string {
  return left ? text.padEnd(width) : text.padStart(width);
}

function piped({ columns, lines }: Table): string {
  const rule = columns.map((_, column) => (column === 0 ? ":--" : "--:"));
  return [columns, rule, ...lines].map((line) => `| ${line.join(" | ")} |`).join("\n");
}

/** A title may begin with code, which keeps its case. */
function capital(title: string): string {
  return title.charAt(0).toUpperCase() + title.slice(1);
}

const BEGIN = "<!-- results of bench/gate: generated, do not edit -->";
const END = "<!-- end of results -->";

/**
 * Puts `report` between the two markers of a document.
 *
 * @throws {RangeError} when the document has not exactly one such place.
 */
export function splice(document: string, report: string): string {
  const [before, rest, ...more] = document.split(BEGIN);
  const [, after, ...evenMore] = rest?.split(END) ?? [];
  if (before === undefined || after === undefined || more.length > 0 || evenMore.length > 0) {
    throw new RangeError(`the document needs one line "${BEGIN}" and after it one line "${END}"`);
  }
  return `${before}${BEGIN}\n\n${report}\n\n${END}${after}`;
}
