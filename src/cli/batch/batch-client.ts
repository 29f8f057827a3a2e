import type { BatchObject } from "../../batch/batch-object.ts";
import type { FileObject } from "../../batch/file-object.ts";
import type { ListObject } from "../../batch/list-page.ts";
import { EX_DATAERR, EX_UNAVAILABLE } from "../exit-codes.ts";
import { GatewayUnavailable, reach, refusedFor, type GatewayFlags } from "../gateway-client.ts";

/** What a batch is to be. */
export interface Wish {
  readonly endpoint: string;
  readonly window: string;
  readonly metadata: Readonly<Record<string, string>> | undefined;
}

/** The batches of a gateway, from outside. Everything rejects with {@link GatewayUnavailable}, which knows its exit code. */
export class BatchClient {
  readonly #flags: GatewayFlags;

  constructor(flags: GatewayFlags) {
    this.#flags = flags;
  }

  async upload(content: Blob, name: string): Promise<FileObject> {
    const body = new FormData();
    body.set("purpose", "batch");
    body.set("file", content, name);
    return this.#json("/v1/files", { method: "POST", body });
  }

  create(fileId: string, { endpoint, window, metadata }: Wish): Promise<BatchObject> {
    const wish = { input_file_id: fileId, endpoint, completion_window: window, ...(metadata && { metadata }) };
    return this.#post("/v1/batches", wish);
  }

  show(id: string): Promise<BatchObject> {
    return this.#json(`/v1/batches/${encodeURIComponent(id)}`);
  }

  list(limit: number): Promise<ListObject<BatchObject>> {
    return this.#json(`/v1/batches?limit=${limit}`);
  }

  cancel(id: string): Promise<BatchObject> {
    return this.#post(`/v1/batches/${encodeURIComponent(id)}/cancel`);
  }

  pause(id: string, verb: "pause" | "unpause"): Promise<BatchObject> {
    return this.#post(`/headgate/batches/${encodeURIComponent(id)}/${verb}`);
  }

  async content(fileId: string): Promise<ReadableStream<Uint8Array>> {
    const response = await this.#ask(`/v1/files/${encodeURIComponent(fileId)}/content`);
    return response.body ?? new ReadableStream({ start: (controller) => controller.close() });
  }

  #post(path: string, body?: object): Promise<BatchObject> {
    const json = body === undefined ? {} : { body: JSON.stringify(body) };
    return this.#json(path, { method: "POST", headers: { "content-type": "application/json" }, ...json });
  }

  async #json<T>(path: string, init?: RequestInit): Promise<T> {
    return (await (await this.#ask(path, init)).json()) as T;
  }

  async #ask(path: string, init?: RequestInit): Promise<Response> {
    const response = await reach(this.#flags, path, init);
    if (response.ok) return response;
    const why = await refusedFor(this.#flags, response);
    const message = why ?? `${this.#flags.gateway} answers ${response.status}; is it a Headgate that keeps batches?`;
    throw new GatewayUnavailable(message, response.status < 500 ? EX_DATAERR : EX_UNAVAILABLE);
  }
}
