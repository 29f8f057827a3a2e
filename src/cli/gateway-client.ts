import { type Command, InvalidArgumentError, Option } from "commander";
import type { Status } from "../gateway/control/status-view.ts";
import { SseDecoder } from "../protocol/sse.ts";
import { objectIn, parseJson } from "../protocol/untrusted-json.ts";
import { EX_NOPERM, EX_UNAVAILABLE } from "./exit-codes.ts";

/** Where `headgate serve` listens unless told otherwise. */
const USUAL = "http://127.0.0.1:11400";

/** The options of every command that asks a gateway that runs. */
export interface GatewayFlags {
  /** Without a slash at the end. */
  readonly gateway: string;
  readonly key?: string;
}

/** Adds those options to `command`. */
export function withGatewayFlags(command: Command): Command {
  return command
    .addOption(
      new Option("--gateway <url>", "the gateway's address").env("HEADGATE_URL").default(USUAL).argParser(addressOf),
    )
    .addOption(new Option("--key <key>", "a key of the gateway, where it has keys").env("HEADGATE_API_KEY"));
}

function addressOf(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text.replace(/\/+$/, "");
  throw new InvalidArgumentError(`an address such as ${USUAL} is wanted.`);
}

/** Why a gateway cannot be asked, in words for a person, and the exit code that says so to a program. */
export class GatewayUnavailable extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EX_UNAVAILABLE) {
    super(message);
    this.name = "GatewayUnavailable";
    this.exitCode = exitCode;
  }
}

/** @throws {GatewayUnavailable} */
export async function fetchStatus(flags: GatewayFlags): Promise<Status> {
  const status = objectIn(parseJson(await (await ask(flags, "/headgate/status")).text()));
  if (status === undefined || !Array.isArray(status["gates"])) throw noGateway(flags);
  return status as unknown as Status;
}

/** One event of the live view. */
export interface LiveEvent {
  readonly event: string;
  readonly data: unknown;
}

/**
 * The live view, from its first snapshot until the gateway or `signal` ends it; either is a proper end.
 *
 * @throws {GatewayUnavailable} when it cannot begin.
 */
export async function* liveEvents(flags: GatewayFlags, signal: AbortSignal): AsyncGenerator<LiveEvent> {
  const response = await ask(flags, "/headgate/events", signal);
  const sse = new SseDecoder();
  try {
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      for (const { event, data } of sse.push(chunk)) {
        if (event !== undefined && data !== undefined) yield { event, data: parseJson(data) };
      }
    }
  } catch {
    // Cut off: whoever reads asks again, or wanted it so.
  }
}

async function ask(flags: GatewayFlags, path: string, signal?: AbortSignal): Promise<Response> {
  const response = await reach(flags, path, signal === undefined ? {} : { signal });
  if (response.ok) return response;
  await refusedFor(flags, response);
  throw noGateway(flags, response.status);
}

/**
 * The answer, whatever its status.
 *
 * @throws {GatewayUnavailable} when nobody answers.
 */
export async function reach({ gateway, key }: GatewayFlags, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (key !== undefined) headers.set("authorization", `Bearer ${key}`);
  const response = await fetch(gateway + path, { ...init, headers }).catch(() => undefined);
  if (response !== undefined) return response;
  throw new GatewayUnavailable(
    `nothing answers at ${gateway}; start it with "headgate serve", or name another with --gateway`,
  );
}

/**
 * Why the gateway refuses, in its own words.
 *
 * @throws {GatewayUnavailable} when it is for want of a key.
 */
export async function refusedFor({ gateway }: GatewayFlags, response: Response): Promise<string | undefined> {
  const said = objectIn(objectIn(parseJson(await response.text()))?.["error"])?.["message"];
  const why = typeof said === "string" ? said : undefined;
  if (response.status !== 401 && response.status !== 403) return why;
  const message = `${gateway} refuses: ${why ?? "it wants a key"}; name a key with --key or HEADGATE_API_KEY`;
  throw new GatewayUnavailable(message, EX_NOPERM);
}

function noGateway({ gateway }: GatewayFlags, status = 200): GatewayUnavailable {
  return new GatewayUnavailable(
    `what answers at ${gateway} (${status}) is no Headgate; name the gateway's address with --gateway`,
  );
}
