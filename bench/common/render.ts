/** A table before it is laid out for a terminal or as Markdown. The first column is text, the others are figures. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly lines: readonly (readonly string[])[];
}

/** What a benchmark has to say, in the order it is said. */
export interface Report {
  readonly conditions: string;
  readonly summary: readonly string[];
  readonly tables: readonly Table[];
}

export function terminalReport({ conditions, summary, tables }: Report): string {
  const laidOut = tables.map((table) => `${table.title}\n\n${aligned(table)}`);
  return [conditions, ...laidOut, summary.join("\n")].join("\n\n");
}

export function markdownReport({ conditions, summary, tables }: Report): string {
  const laidOut = tables.map((table) => `### ${capital(table.title)}\n\n${piped(table)}`);
  return [conditions, summary.map((line) => `- ${line}`).join("\n"), ...laidOut].join("\n\n");
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

const END = "<!-- end of results -->";

/**
 * Puts `report` between the two marker lines of a benchmark in a document.
 *
 * @param bench - the benchmark's folder under bench/.
 * @throws {RangeError} when the document has not exactly one such place.
 */
export function splice(document: string, bench: string, report: string): string {
  const begin = `<!-- results of bench/${bench}: generated, do not edit -->`;
  const [before, rest, ...more] = document.split(begin);
  const end = rest?.indexOf(END) ?? -1;
  if (before === undefined || rest === undefined || end === -1 || more.length > 0) {
    throw new RangeError(`the document needs one line "${begin}" and after it a line "${END}"`);
  }
  return `${before}${begin}\n\n${report}\n\n${rest.slice(end)}`;
}
