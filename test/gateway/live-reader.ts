import assert from "node:assert/strict";
import type { GateView, RequestView, Status, UpstreamView } from "../../src/gateway/control/status-view.ts";
import { SseDecoder } from "../../src/protocol/sse.ts";
import { parseJson } from "../../src/protocol/untrusted-json.ts";

export type LiveEvent =
  | { readonly event: "snapshot"; readonly data: Status }
  | { readonly event: "upsert"; readonly data: Upsert }
  | { readonly event: "remove"; readonly data: { readonly request?: string; readonly upstream?: string } };

export interface Upsert {
  readonly request?: RequestView;
  readonly gate?: GateView;
  readonly upstream?: UpstreamView;
  readonly gateway?: Pick<Status, "instance" | "state" | "omitted">;
}

/** A reader of the live view that keeps the books a dashboard would keep. */
export class LiveReader implements AsyncDisposable {
  readonly requests: Map<string, RequestView> = new Map();
  readonly gates: Map<string, GateView> = new Map();
  readonly upstreams: Map<string, UpstreamView> = new Map();
  /** Every event so far. */
  readonly seen: LiveEvent[] = [];
  heartbeats = 0;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #sse = new SseDecoder();

  private constructor(response: Response) {
    this.#reader = response.body!.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  }

  /** Resolves once the first snapshot is in. */
  static async open(url: string, headers: Record<string, string> = {}, query = ""): Promise<LiveReader> {
    const response = await fetch(`${url}/headgate/events${query}`, { headers });
    assert.equal(response.status, 200);
    assert.match(response.headers.get("content-type") ?? "", /^text\/event-stream/);
    const reader = new LiveReader(response);
    await reader.until(() => reader.seen.length > 0);
    return reader;
  }

  /** Reads until `condition` holds. Fails at the end of the stream. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) assert.ok(await this.#read(), "the stream ended");
  }

  /** Reads to the end, which must be a proper one. */
  async toEnd(): Promise<void> {
    while (await this.#read());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader.cancel();
  }

  async #read(): Promise<boolean> {
    const { done, value } = await this.#reader.read();
    if (done) return false;
    for (const frame of this.#sse.push(value)) {
      if (frame.event === undefined) this.heartbeats += new TextDecoder().decode(frame.raw).startsWith(":") ? 1 : 0;
      else this.#take({ event: frame.event, data: parseJson(frame.data!) } as LiveEvent);
    }
    return true;
  }

  #take(event: LiveEvent): void {
    this.seen.push(event);
    if (event.event === "snapshot") this.#begin(event.data);
    else if (event.event === "upsert") this.#upsert(event.data);
    else {
      this.requests.delete(event.data.request ?? "");
      this.upstreams.delete(event.data.upstream ?? "");
    }
  }

  #begin({ requests, gates, upstreams }: Status): void {
    for (const map of [this.requests, this.gates, this.upstreams]) map.clear();
    for (const request of requests) this.#upsert({ request });
    for (const gate of gates) this.#upsert({ gate });
    for (const upstream of upstreams) this.#upsert({ upstream });
  }

  #upsert({ request, gate, upstream }: Upsert): void {
    if (request !== undefined) this.requests.set(request.id, request);
    if (gate !== undefined) this.gates.set(gate.name, gate);
    if (upstream !== undefined) this.upstreams.set(upstream.name, upstream);
  }
}
