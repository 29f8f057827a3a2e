import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const root: string = join(import.meta.dirname, "../..");

/** One fenced block of a document, and what the comment before it says about trying it. */
export interface Block {
  /** For messages: file and line. */
  readonly at: string;
  readonly document: string;
  readonly language: string;
  readonly text: string;
  /** `run`: it is executed, not only compiled. */
  readonly run: boolean;
  /** Why it can only be looked at for its syntax; `undefined` for a block that is really tried. */
  readonly syntaxOnly: string | undefined;
  /** What stands before it when it is tried, for what a reader has already. */
  readonly setup: string;
}

const FENCE = /^( *)(?<fence>```+)(?<language>[^\n`]*)\n(?<text>[\s\S]*?)^ *\k<fence>$/gm;
/** `<!-- example: run -->`, `<!-- example: syntax only: needs a Mac -->`, `<!-- example: setup … -->`; several may follow each other. */
const REMARKS = /(?:<!-- example: (?:(?!-->)[\s\S])*-->\s*)+$/;
const REMARK = /<!-- example: ([\s\S]*?)-->/g;

/** Documents for users: their blocks are tried. */
export const documents: readonly string[] = globSync(["README.md", "docs/**/*.md"], { cwd: root }).toSorted();

export const blocks: readonly Block[] = documents.flatMap(blocksIn);

export function blocksOf(...languages: readonly string[]): Block[] {
  return blocks.filter(({ language }) => languages.includes(language));
}

function blocksIn(document: string): Block[] {
  const whole = readFileSync(join(root, document), "utf8");
  return [...whole.matchAll(FENCE)].map((match) => {
    const before = whole.slice(0, match.index);
    const remarks = [...(REMARKS.exec(before)?.[0] ?? "").matchAll(REMARK)].map(([, remark]) => remark!.trim());
    const { language = "", text = "" } = match.groups as { readonly language?: string; readonly text?: string };
    return {
      at: `${document}:${before.split("\n").length}`,
      document,
      language: language.trim(),
      text,
      run: remarks.includes("run"),
      syntaxOnly: remarks.find((remark) => remark.startsWith("syntax only"))?.replace(/^syntax only:?\s*/, ""),
      setup: remarks
        .filter((remark) => remark.startsWith("setup"))
        .map((remark) => remark.slice(5).trim())
        .join("\n"),
    };
  });
}
