/**
 * Gathers what a public entry declares: its exported names and every type those mention, out of the compiler's declaration files.
 *
 * It reads the compiler's own output without comments, in which every statement begins at the left margin, so it needs no parser.
 * What it does not understand it refuses, rather than leave it out of the report.
 */
import { posix } from "node:path";

/** Declaration files: path (relative to one folder) and text. */
export type DeclarationFiles = ReadonlyMap<string, string>;

interface Origin {
  readonly file: string;
  readonly name: string;
}

interface Module {
  /** Statements by declared name; the overloads of one function are several. */
  readonly declared: Map<string, string[]>;
  /** Names that come from elsewhere, imported or passed on. `file` is a package when it is no declaration file. */
  readonly foreign: Map<string, Origin>;
  readonly exported: Set<string>;
}

const FROM = /^(import|export)\s+(?:type\s+)?(?:(\*\s+as\s+\w+)|\{([^}]*)\}|(\w+))\s+from\s+["']([^"']+)["'];$/s;
const DECLARATION = /^(export\s+)?(?:declare\s+)?(?:abstract\s+)?(?:interface|class|function|const|let|type)\s+(\w+)/;

function statementsOf(text: string): string[] {
  return text.split(/^(?=[a-z])/m).map((statement) => statement.trimEnd());
}

function originOf(importer: string, specifier: string, name: string): Origin {
  if (!specifier.startsWith(".")) return { file: specifier, name };
  return { file: posix.join(posix.dirname(importer), specifier.replace(/\.ts$/, ".d.ts")), name };
}

function parse(file: string, text: string): Module {
  const module: Module = { declared: new Map(), foreign: new Map(), exported: new Set() };
  for (const statement of statementsOf(text)) {
    if (statement === "" || statement === "export {};") continue;
    const [, kind, , names, , specifier] = FROM.exec(statement) ?? [];
    const [, isExported, declaredName] = DECLARATION.exec(statement) ?? [];
    if (specifier !== undefined && names !== undefined) {
      for (const item of names
        .split(",")
        .map((part) => part.trim().replace(/^type\s+/, ""))
        .filter(Boolean)) {
        if (!/^\w+$/.test(item)) throw new Error(`${file}: cannot follow "${item}"`);
        module.foreign.set(item, originOf(file, specifier, item));
        if (kind === "export") module.exported.add(item);
      }
    } else if (declaredName !== undefined && !/\bimport\(/.test(statement)) {
      const overloads = module.declared.get(declaredName) ?? [];
      module.declared.set(declaredName, [...overloads, statement]);
      if (isExported !== undefined) module.exported.add(declaredName);
    } else {
      throw new Error(`${file}: cannot follow this statement:\n${statement}`);
    }
  }
  return module;
}

/** The names of its module that a statement uses. */
function mentionsOf(statement: string, file: string, module: Module): Origin[] {
  const words = [...statement.matchAll(/\b[A-Za-z_]\w*\b/g)].map(([word]) => word);
  return words.flatMap((name) => (module.declared.has(name) ? { file, name } : (module.foreign.get(name) ?? [])));
}

/** Everything that belongs to one entry. */
export interface Surface {
  /** Exported names, each with the file that declares it. */
  readonly exported: ReadonlyMap<string, string>;
  /** The declarations as one text: exported ones first, then the types they mention. */
  readonly text: string;
}

/** An entry already described; what it exports is imported from it instead of being declared again. */
export interface Neighbour {
  readonly specifier: string;
  readonly exported: ReadonlyMap<string, string>;
}

/**
 * Describes the entry, a path in `files`.
 *
 * @throws {Error} when a declaration has a form it cannot follow, or one name would mean two things.
 */
export function surfaceOf(files: DeclarationFiles, entry: string, neighbours: readonly Neighbour[] = []): Surface {
  const modules = new Map<string, Module>();
  const load = (file: string): Module => {
    const text = files.get(file);
    if (text === undefined) throw new Error(`${file} was not emitted`);
    const module = modules.get(file) ?? parse(file, text);
    modules.set(file, module);
    return module;
  };
  /** Follows a name to the file that declares it, or to a package. */
  const resolve = (origin: Origin): Origin => {
    if (!files.has(origin.file)) return origin;
    const next = load(origin.file).foreign.get(origin.name);
    return next === undefined ? origin : resolve(next);
  };

  const exported = new Map([...load(entry).exported].map((name) => [name, resolve({ file: entry, name }).file]));
  const seen = new Map<string, string>();
  const imports = new Set<string>();
  const declarations: string[] = [];
  const pending: Origin[] = [...exported].map(([name, file]) => ({ file, name }));
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    const { file, name } = next;
    const other = seen.get(name);
    if (other === file) continue;
    if (other !== undefined) throw new Error(`${entry}: ${name} means two things, in ${other} and in ${file}`);
    seen.set(name, file);
    const neighbour = neighbours.find((each) => each.exported.get(name) === file);
    if (neighbour !== undefined || !files.has(file)) {
      const verb = exported.has(name) ? "export" : "import";
      imports.add(`${verb} { ${name} } from "${neighbour?.specifier ?? file}";`);
      continue;
    }
    const module = load(file);
    const statements = module.declared.get(name);
    if (statements === undefined) throw new Error(`${file} does not declare ${name}`);
    for (const statement of statements) {
      declarations.push(exported.has(name) ? statement : statement.replace(/^export /, ""));
      pending.push(...mentionsOf(statement, file, module).map(resolve));
    }
  }
  return { exported, text: `${[...[...imports].toSorted(), ...declarations].join("\n")}\n` };
}
