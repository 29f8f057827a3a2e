import { openAsBlob } from "node:fs";
import { basename } from "node:path";
import { buffer } from "node:stream/consumers";
import { objectIn, parseJson, textIn } from "../../protocol/untrusted-json.ts";
import { EX_DATAERR } from "../exit-codes.ts";
import { GatewayUnavailable } from "../gateway-client.ts";

const USUAL_ENDPOINT = "/v1/chat/completions";
/** The first line is looked at; one that is longer names its endpoint by the option. */
const LOOKED_AT_BYTES = 1024 * 1024;

export interface Input {
  readonly content: Blob;
  readonly name: string;
}

/** A file, or standard input for `-`. A file is read as it is sent; standard input is read to its end first. */
export async function readInput(path: string): Promise<Input> {
  if (path === "-") return { content: new Blob([new Uint8Array(await buffer(process.stdin))]), name: "stdin.jsonl" };
  try {
    const name = basename(path);
    return { content: await openAsBlob(path), name: /\.jsonl$/i.test(name) ? name : `${name}.jsonl` };
  } catch {
    throw new GatewayUnavailable(`there is no file ${path} that can be read`, EX_DATAERR);
  }
}

/** Where the lines go: what the first one says. */
export async function endpointIn({ content }: Input): Promise<string> {
  const [first = ""] = (await content.slice(0, LOOKED_AT_BYTES).text())
    .replace(/^\uFEFF/, "")
    .trimStart()
    .split("\n", 1);
  return textIn(objectIn(parseJson(first))?.["url"]) ?? USUAL_ENDPOINT;
}
