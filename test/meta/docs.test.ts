import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, it } from "node:test";

const root = join(import.meta.dirname, "../..");

const INLINE_LINK = /\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g;
const REFERENCE = /^\[[^\]]+\]:\s+(\S+)/gm;
const HTML_LINK = /\b(?:href|src|srcset)="([^"]+)"/g;
const NPM_COMMAND = /\bnpm (?:run ([\w:-]+)|(start|test)\b)/g;

const documents = globSync(["*.md", "{docs,bench,examples,test,.github}/**/*.md"], { cwd: root });

/** The text without its code: an example may show a link that leads nowhere. */
function prose(text: string): string {
  return text.replaceAll(/^(```+|~~~+)[\s\S]*?^\1/gm, "").replaceAll(/`[^`\n]+`/g, "");
}

/** The anchors a forge makes of a document's headings, and those it sets itself. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  const seen = new Map<string, number>();
  for (const [, heading = ""] of text.replaceAll(/^(```+|~~~+)[\s\S]*?^\1/gm, "").matchAll(/^#{1,6}\s+(.*?)\s*#*$/gm)) {
    const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const slug = words.replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-");
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    anchors.add(count === 0 ? slug : `${slug}-${count}`);
  }
  for (const [, id = ""] of text.matchAll(/\b(?:id|name)="([^"]+)"/g)) anchors.add(id);
  return anchors;
}

function linksOf(text: string): string[] {
  return [INLINE_LINK, REFERENCE, HTML_LINK].flatMap((form) => {
    return [...prose(text).matchAll(form)].map(([, target = ""]) => target);
  });
}

/** Why a link of this document leads nowhere; undefined when it leads somewhere, or out of the repository. */
function brokenLink(document: string, target: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:|^\/\//i.test(target)) return undefined;
  const [path = "", anchor] = target.split("#", 2);
  const file = path === "" ? join(root, document) : join(root, dirname(document), decodeURIComponent(path));
  if (!existsSync(file)) return `${document} links to ${target}: ${relative(root, file)} does not exist`;
  if (anchor === undefined || !file.endsWith(".md")) return undefined;
  return anchorsOf(readFileSync(file, "utf8")).has(anchor)
    ? undefined
    : `${document} links to ${target}: no such heading`;
}

describe("documents", () => {
  it("every local link leads to a file, and to a heading where it names one", () => {
    assert.ok(documents.includes("README.md") && documents.includes("CONTRIBUTING.md"), "the documents were not found");
    const broken = documents.flatMap((document) => {
      const text = readFileSync(join(root, document), "utf8");
      return linksOf(text).flatMap((target) => brokenLink(document, target) ?? []);
    });
    assert.deepEqual(broken, []);
  });

  it("every npm command they name exists", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    const unknown = documents.flatMap((document) => {
      const commands = [...readFileSync(join(root, document), "utf8").matchAll(NPM_COMMAND)];
      return commands
        .filter(([, script, short]) => !Object.hasOwn(scripts, script ?? short ?? ""))
        .map(([command]) => `${document}: ${command}`);
    });
    assert.deepEqual(unknown, []);
  });
});
