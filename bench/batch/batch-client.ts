import { openAsBlob } from "node:fs";
import { ENDPOINT } from "./input.ts";

/** A batch that did not do what it promises. */
export class WrongBatch extends Error {}

interface BatchView {
  readonly id: string;
  readonly status: string;
  readonly output_file_id: string | null;
  readonly error_file_id: string | null;
  readonly request_counts: { readonly total: number; readonly completed: number; readonly failed: number };
}

/** What a client of the batch API does, with nothing of its own that takes time or memory. */
export class BatchClient {
  readonly #base: string;

  constructor(port: number) {
    this.#base = `http://127.0.0.1:${port}`;
  }

  async upload(path: string): Promise<string> {
    const form = new FormData();
    form.set("purpose", "batch");
    form.set("file", await openAsBlob(path), "input.jsonl");
    const { id } = (await this.#ask("/v1/files", { method: "POST", body: form })) as { readonly id: string };
    return id;
  }

  create(inputFileId: string): Promise<BatchView> {
    const wish = { input_file_id: inputFileId, endpoint: ENDPOINT, completion_window: "24h" };
    const headers = { "content-type": "application/json" };
    return this.#ask("/v1/batches", { method: "POST", headers, body: JSON.stringify(wish) }) as Promise<BatchView>;
  }

  get(id: string): Promise<BatchView> {
    return this.#ask(`/v1/batches/${id}`) as Promise<BatchView>;
  }

  async cancel(id: string): Promise<void> {
    await this.#ask(`/v1/batches/${id}/cancel`, { method: "POST" });
    await this.until(id, ({ status }) => status === "cancelled");
  }

  /** Stops the gate; what is in line waits. */
  async pause(): Promise<void> {
    await this.#ask("/headgate/pause", { method: "POST" });
  }

  /** Looks every few milliseconds. */
  async until(id: string, reached: (batch: BatchView) => boolean): Promise<BatchView> {
    for (;;) {
      const batch = await this.get(id);
      if (reached(batch)) return batch;
      if (batch.status === "failed") throw new WrongBatch(`${id} was refused: ${JSON.stringify(batch)}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** @throws {WrongBatch} unless every line was answered once, in the order of the input. */
  async assertComplete({ id, output_file_id: output, error_file_id: errors }: BatchView, lines: number): Promise<void> {
    if (output === null || errors !== null) throw new WrongBatch(`${id}: some of its lines failed`);
    const response = await fetch(`${this.#base}/v1/files/${output}/content`);
    const answered = (await response.text()).trimEnd().split("\n");
    const ids = answered.map((line) => (JSON.parse(line) as { readonly custom_id: string }).custom_id);
    const wrong = ids.findIndex((customId, n) => customId !== `line-${n}`);
    if (ids.length !== lines || wrong !== -1) {
      throw new WrongBatch(
        `${id}: ${ids.length} of ${lines} lines in its output, the first in a wrong place is ${wrong}`,
      );
    }
  }

  async #ask(path: string, init?: RequestInit): Promise<unknown> {
    const response = await fetch(this.#base + path, init);
    if (!response.ok) throw new WrongBatch(`${path} answered ${response.status}: ${await response.text()}`);
    return response.json();
  }
}

const LOOK_MS = 20;
