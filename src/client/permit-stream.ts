import type { IncomingMessage } from "node:http";
import type { Clock, GateError } from "../gate/index.ts";
import type { GatewayAddress } from "./gateway-address.ts";
import { post, refusalIn, unreachable } from "./gateway-call.ts";
import { GatewayError, type ToldError } from "./gateway-error.ts";

/** A gateway answers at once, if only with a place in line. */
const FIRST_LINE_MS = 10_000;
/** And then says something every 15 s. Three times that, and it is gone without a word: a network that broke, a machine that fell. */
const SILENCE_MS = 45_000;
const MAX_LINE_CHARS = 64 * 1024;

/** One line of a permit's stream; which members it has depends on the event. */
export interface PermitLine extends ToldError {
  readonly event?: unknown;
  readonly id?: unknown;
  readonly position?: unknown;
  readonly priority?: unknown;
}

export interface PermitStreamListener {
  line(line: PermitLine): void;
  /** Called once, unless the stream was hung up. */
  lost(error: GateError | GatewayError): void;
}

/**
 * The connection that a permit is. Node's own client rather than `fetch`, because here everything is about the connection: it is
 * ours alone, its end is told at once, and hanging up closes it.
 */
export class PermitStream {
  readonly #address: GatewayAddress;
  readonly #listener: PermitStreamListener;
  readonly #clock: Clock;
  readonly #hangUp: () => void;
  #stopTimer: () => void;
  #rest = "";
  #lines = 0;
  #chunks = 0;
  #over = false;

  constructor(
    address: GatewayAddress,
    { path, body }: { readonly path: string; readonly body: object },
    listener: PermitStreamListener,
    clock: Clock,
  ) {
    this.#address = address;
    this.#listener = listener;
    this.#clock = clock;
    const call = post(address, path, body);
    this.#hangUp = () => call.destroy();
    this.#stopTimer = clock.after(FIRST_LINE_MS, () => this.#silent(), true);
    const closed = (): void => this.#broken(new Error("the connection was closed"));
    call.on("close", closed);
    call.on("error", (error) => this.#broken(error));
    call.on("response", (answer) => {
      // From here on it is the answer that ends.
      call.off("close", closed);
      void this.#answered(answer);
    });
  }

  /** Closes the connection: the gateway takes the permit, or the place in line, back. */
  hangUp(): void {
    this.#end();
    this.#hangUp();
  }

  async #answered(answer: IncomingMessage): Promise<void> {
    answer.on("error", (error) => this.#broken(error));
    const isStream = answer.headers["content-type"]?.startsWith("application/x-ndjson") === true;
    if (answer.statusCode !== 200 || !isStream) {
      const refusal = await refusalIn(answer, this.#address.url, "rejected").catch((error: unknown) =>
        unreachable(this.#address.url, error),
      );
      return this.#lost(refusal);
    }
    answer.setEncoding("utf8");
    answer.on("data", (chunk: string) => this.#received(chunk));
    answer.on("end", () => this.#broken(new Error("the gateway closed the connection")));
  }

  #received(chunk: string): void {
    this.#chunks++;
    this.#awaitNext();
    const lines = (this.#rest + chunk).split("\n");
    this.#rest = lines.pop()!;
    if (this.#rest.length > MAX_LINE_CHARS) return this.#broken(new Error("an endless line"));
    for (const text of lines) {
      const line = parse(text);
      if (line === undefined) return this.#broken(new Error(`a line that is no JSON object: ${text.slice(0, 80)}`));
      this.#lines++;
      // A line may have ended it all.
      if (!this.#over) this.#listener.line(line);
    }
  }

  #awaitNext(): void {
    this.#stopTimer();
    if (!this.#over) this.#stopTimer = this.#clock.after(SILENCE_MS, () => this.#silent(), true);
  }

  /**
   * A process that was stopped or computed for a minute finds this timer due before it has read what came meanwhile. So it reads
   * first: between the second of two immediates and the first lies a whole turn of the event loop.
   */
  #silent(): void {
    const chunks = this.#chunks;
    const judge = (): void => {
      const limitMs = chunks === 0 ? FIRST_LINE_MS : SILENCE_MS;
      if (this.#chunks === chunks) this.#broken(new Error(`nothing heard for ${limitMs / 1000} s`));
    };
    setImmediate(() => setImmediate(judge));
  }

  #broken(cause: Error): void {
    if (this.#lines === 0) return this.#lost(unreachable(this.#address.url, cause));
    const message = `lost the connection to the gateway at ${this.#address.url} (${cause.message}), and with it the permit; acquire a new one`;
    this.#lost(new GatewayError("connection_lost", message, { cause }));
  }

  #lost(error: GateError | GatewayError): void {
    if (this.#over) return;
    this.hangUp();
    this.#listener.lost(error);
  }

  #end(): void {
    this.#over = true;
    this.#stopTimer();
  }
}

function parse(text: string): PermitLine | undefined {
  try {
    const line: unknown = JSON.parse(text);
    return typeof line === "object" && line !== null ? line : undefined;
  } catch {
    return undefined;
  }
}
