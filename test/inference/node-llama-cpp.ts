import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** Both packages have the same version: the second holds what the first loads on Linux with an x64 processor. */
export const PACKAGES: readonly string[] = ["node-llama-cpp@3.22.1", "@node-llama-cpp/linux-x64@3.22.1"];

/** Beside the project, not in it: 85 MB that nothing but one test file needs stay out of its lock file. */
export function homeOfNodeLlamaCpp(): string {
  const cache = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  return process.env["HEADGATE_LLAMA_CPP"] || join(cache, "headgate", "node-llama-cpp");
}

/** Why there can be no real inference here; `undefined` if there can. */
export function whyNoInference(): string | undefined {
  const home = homeOfNodeLlamaCpp();
  if (existsSync(join(home, PACKAGE, "package.json"))) return undefined;
  return (
    `node-llama-cpp is not in ${home}, so nothing was tried on real inference. ` +
    "On Linux with an x64 processor `npm exec -c 'node scripts/install-llama-cpp.ts'` puts it there (85 MB); " +
    "HEADGATE_LLAMA_CPP names another directory."
  );
}

const PACKAGE = join("node_modules", "node-llama-cpp");

/** @throws if it is not installed. */
export async function loadNodeLlamaCpp(): Promise<NodeLlamaCpp> {
  const entry = join(homeOfNodeLlamaCpp(), PACKAGE, "dist", "index.js");
  return (await import(pathToFileURL(entry).href)) as NodeLlamaCpp;
}

/** What is used of it, after its own declarations: it is no dependency, so the compiler cannot look them up. */
export interface NodeLlamaCpp {
  getLlama(options: {
    readonly gpu: false;
    readonly build: "never";
    readonly skipDownload: boolean;
    readonly progressLogs: false;
    readonly maxThreads: number;
    readonly logLevel: "error";
  }): Promise<{ loadModel(options: { readonly modelPath: string; readonly gpuLayers: 0 }): Promise<LlamaModel> }>;
}

declare const token: unique symbol;
export type Token = number & { readonly [token]: true };

export interface LlamaModel {
  readonly tokens: { readonly bos: Token | null };
  tokenize(text: string, specialTokens: boolean): Token[];
  /** `lastTokens` are those before `tokens`. */
  detokenize(tokens: readonly Token[], specialTokens?: boolean, lastTokens?: readonly Token[]): string;
  createContext(options: {
    readonly contextSize: number;
    readonly batchSize: number;
    readonly threads: number;
    readonly sequences: number;
  }): Promise<{ getSequence(): LlamaSequence }>;
}

export interface LlamaSequence {
  clearHistory(): Promise<void>;
  /** Reads the tokens and then says what comes next, until the model ends it or the caller stops asking. */
  evaluate(
    tokens: readonly Token[],
    options: { readonly temperature: number; readonly seed?: number },
  ): AsyncGenerator<Token, void, void>;
}
