import type { Clock } from "../gate/index.ts";

/** The end of a body that its reader left alone too long; whoever reads on gets it. */
export class BodyIdleError extends Error {
  readonly code = "body_idle";

  constructor(message: string) {
    super(message);
    this.name = "BodyIdleError";
  }
}

export interface BodyGuard {
  /** Milliseconds that a chunk may lie ready unasked for; Infinity for ever. */
  readonly idleMs: number;
  readonly clock: Clock;
  /** Called once, at the end of the body, however it ends. Must not throw. */
  onEnd(): void;
  /** Called before `onEnd` when the reader was idle too long; makes the error that a late reader gets. */
  onIdle(): BodyIdleError;
}

type Chunk = Uint8Array<ArrayBuffer>;
type Controller = ReadableStreamDefaultController<Chunk> | ReadableByteStreamController;

/**
 * A body that passes `source` on chunk by chunk and tells exactly once when it is over: read to its end, cancelled, failed,
 * or left alone by its reader.
 *
 * It reads one chunk ahead and no further. That shows the end behind the last chunk to a consumer that stops at an
 * end-of-stream message and never asks again (Ollama's client does), and it tells a slow server, which may take its time,
 * from an idle reader: only while a chunk lies ready and nobody asks does the idle time run.
 *
 *     asked (a reader waits for the source) ⇄ ready (a chunk waits for a reader)
 *        └──end, failure──▶ over ◀──cancel, failure, idle──┘
 */
export function gatedBody(source: ReadableStream<Chunk>, guard: BodyGuard): ReadableStream<Chunk> {
  const body = new GatedBody(source, guard);
  const underlying = {
    start: (controller: Controller) => body.start(controller),
    pull: () => body.pull(),
    cancel: (reason: unknown) => body.cancel(reason),
  };
  // A byte stream stays one, for readers that bring their own buffer; chunks of another stream may not be transferable.
  if (body.ofBytes) return new ReadableStream({ ...underlying, type: "bytes" }) as ReadableStream<Chunk>;
  return new ReadableStream<Chunk>(underlying, { highWaterMark: 0 });
}

class GatedBody {
  readonly ofBytes: boolean;
  readonly #reader: ReadableStreamDefaultReader<Chunk>;
  readonly #guard: BodyGuard;
  #controller!: Controller;
  #ready: Chunk | undefined;
  #asked = false;
  #over = false;
  #stopIdling: (() => void) | undefined;

  constructor(source: ReadableStream<Chunk>, guard: BodyGuard) {
    this.ofBytes = isByteStream(source);
    this.#reader = source.getReader();
    this.#guard = guard;
  }

  start(controller: Controller): void {
    this.#controller = controller;
    // Beside each read: a failure must be seen while a chunk lies ready too, when no read is pending.
    this.#reader.closed.catch((error: unknown) => this.#fail(error));
    this.#readAhead();
  }

  pull(): void {
    const chunk = this.#ready;
    if (chunk === undefined) {
      this.#asked = true;
      return;
    }
    this.#ready = undefined;
    this.#stopIdling?.();
    this.#handOver(chunk);
  }

  async cancel(reason: unknown): Promise<void> {
    // The source first: its request should be gone before the permit goes on.
    const cancelled = this.#reader.cancel(reason);
    this.#end();
    await cancelled;
  }

  #readAhead(): void {
    this.#reader.read().then(
      ({ done, value }) => (done ? this.#close() : this.#arrive(value)),
      (error: unknown) => this.#fail(error),
    );
  }

  #arrive(chunk: Chunk): void {
    if (this.#over) return;
    if (this.#asked) {
      this.#asked = false;
      this.#handOver(chunk);
      return;
    }
    this.#ready = chunk;
    const { idleMs, clock } = this.#guard;
    if (idleMs !== Infinity) this.#stopIdling = clock.after(idleMs, () => this.#abandon(), false);
  }

  #handOver(chunk: Chunk): void {
    this.#controller.enqueue(chunk);
    this.#readAhead();
  }

  #close(): void {
    if (!this.#end()) return;
    this.#controller.close();
    // A pending read into a reader's own buffer is only answered by this.
    if ("byobRequest" in this.#controller) this.#controller.byobRequest?.respond(0);
  }

  #fail(error: unknown): void {
    if (this.#end()) this.#controller.error(error);
  }

  #abandon(): void {
    const error = this.#guard.onIdle();
    this.#reader.cancel(error).catch(ignore);
    this.#fail(error);
  }

  #end(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#ready = undefined;
    this.#stopIdling?.();
    this.#guard.onEnd();
    return true;
  }
}

function isByteStream(stream: ReadableStream<Chunk>): boolean {
  try {
    stream.getReader({ mode: "byob" }).releaseLock();
    return true;
  } catch {
    return false;
  }
}

function ignore(): void {}
