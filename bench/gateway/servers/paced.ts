import type { Socket } from "node:net";
import { now } from "../clock.ts";
import { lastFrames, stampedFrame } from "../frames.ts";

interface Stream {
  readonly socket: Socket;
  readonly intervalMs: number;
  dueAt: number;
  left: number;
}

/** Spreads streams that begin together over their interval: the fractions of this, times 0, 1, 2 … lie as evenly as can be. */
const GOLDEN = 0.618_033_988_75;

/** Streams that get a frame at a steady pace. Frames carry the moment they were written at, so a late tick measures as nothing. */
export class Pacer {
  readonly #streams = new Set<Stream>();
  #begun = 0;
  #ticking = false;

  begin(socket: Socket, frames: number, intervalMs: number): void {
    const phase = (this.#begun++ * GOLDEN) % 1;
    this.#streams.add({ socket, intervalMs, dueAt: now() + phase * intervalMs, left: frames });
    if (!this.#ticking) this.#tick();
  }

  #tick(): void {
    this.#ticking = this.#streams.size > 0;
    if (!this.#ticking) return;
    const moment = now();
    for (const stream of this.#streams) if (stream.dueAt <= moment) this.#send(stream);
    setTimeout(() => this.#tick(), 1);
  }

  #send(stream: Stream): void {
    stream.dueAt += stream.intervalMs;
    if (stream.left-- > 0) stream.socket.write(stampedFrame());
    else {
      stream.socket.write(lastFrames());
      this.#streams.delete(stream);
    }
    if (stream.socket.destroyed) this.#streams.delete(stream);
  }
}
