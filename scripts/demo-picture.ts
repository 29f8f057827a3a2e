/**
 * `npm run demo:picture`: runs `headgate demo` as on a terminal, and writes what stands there at the end as docs/images/demo.svg.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { raceSimulated } from "../src/cli/demo/race.ts";
import { root } from "./tools.ts";

const COLUMNS = 96;
const FOR_MS = 15_000;
const CHARACTER = { width: 8.4, height: 18 };
const MARGIN = 16;
/** Like a terminal's, on its dark ground. */
const GROUND = "#1b1f27";
const PLAIN = "#d7dbe2";
const COLOURS: Readonly<Record<string, string>> = {
  31: "#f2777a",
  32: "#8fd694",
  34: "#6f9fe8",
  2: "#8b93a1",
  1: "#ffffff",
};
const ESCAPE = "\u001B";
const SGR = new RegExp(`(${ESCAPE}\\[\\d+m)`);
const TOKEN = new RegExp(`${ESCAPE}\\[(?:\\?25[lh]|\\d+[AmK])|\\n|[^\\n${ESCAPE}]+`, "g");

/** As much of a terminal as the demo uses: cursor up, clear the line, hide and show the cursor. */
class Terminal {
  readonly isTTY = true;
  readonly columns = COLUMNS;
  readonly lines: string[] = [""];
  #row = 0;

  write(text: string): void {
    for (const [token] of text.matchAll(TOKEN)) {
      if (token === "\n") this.lines[++this.#row] ??= "";
      else if (token.endsWith("A")) this.#row -= Number(token.slice(2, -1));
      else if (token === `${ESCAPE}[2K`) this.lines[this.#row] = "";
      else if (!token.startsWith(`${ESCAPE}[?`)) this.lines[this.#row] += token;
    }
  }
}

function svgOf(lines: readonly string[]): string {
  const width = COLUMNS * CHARACTER.width + 2 * MARGIN;
  const height = lines.length * CHARACTER.height + 2 * MARGIN;
  const texts = lines.map((line, index) => {
    const y = MARGIN + (index + 0.75) * CHARACTER.height;
    return `<text x="${MARGIN}" y="${y}" xml:space="preserve">${spansOf(line)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="headgate demo">
<style>text { font: 14px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: ${PLAIN}; white-space: pre; }</style>
<rect width="100%" height="100%" rx="8" fill="${GROUND}"/>
${texts.join("\n")}
</svg>
`;
}

/** Neighbours of one colour are one span, laid out over exactly as many columns: fonts differ. */
function spansOf(line: string): string {
  const runs: { colour: string; text: string }[] = [];
  let colour = PLAIN;
  for (const part of line.split(SGR)) {
    const code = part.startsWith(ESCAPE) ? part.slice(2, -1) : undefined;
    if (code !== undefined) colour = COLOURS[code] ?? PLAIN;
    else if (part !== "" && runs.at(-1)?.colour === colour) runs.at(-1)!.text += part;
    else if (part !== "") runs.push({ colour, text: part });
  }
  let column = 0;
  return runs
    .map(({ colour: fill, text }) => {
      const x = MARGIN + column * CHARACTER.width;
      column += text.length;
      const length = (text.length * CHARACTER.width).toFixed(1);
      return `<tspan x="${x.toFixed(1)}" fill="${fill}" textLength="${length}">${escaped(text)}</tspan>`;
    })
    .join("");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

process.env["FORCE_COLOR"] = "1";
const terminal = new Terminal();
await raceSimulated(terminal, FOR_MS, new AbortController().signal);
const lines = terminal.lines.map((line) => line.trimEnd());
writeFileSync(
  join(root, "docs/images/demo.svg"),
  svgOf(lines.slice(0, lines.findLastIndex((line) => line !== "") + 1)),
);
