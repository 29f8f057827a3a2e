import type { AddressInfo, Server } from "node:net";
import type { Task } from "../requests.ts";

/** A server in a child process, as its starter sees it. */
export interface ChildServer {
  readonly port: number;
  /** What it tells its parent. @throws when it cannot answer such a question. */
  answer(question: string): unknown;
}

/** Told once to the parent. */
export interface Ready {
  readonly port: number;
}

export interface Reply {
  readonly answer: unknown;
}

/** How a server is to be started. */
export interface StartOptions {
  /** Port of the model server behind it; 0 for none. */
  readonly upstreamPort: number;
  /** Requests that the model server works on at once. */
  readonly capacity: number;
  /** Whether running background steps aside. */
  readonly preempt?: boolean;
  /** What the model server does with a request that does not say: the line of a batch has no headers. Default: answer at once. */
  readonly task?: Task;
  /** Where a gateway keeps files and batches; without it, it takes none. */
  readonly data?: string;
}

/** Bytes, after a garbage collection. */
export interface Memory {
  readonly rss: number;
  /** Of the heap and of buffers beside it. */
  readonly heap: number;
}

export function memoryNow(): Memory {
  // Twice: what is only reachable through a finaliser or a weak reference goes at the second.
  globalThis.gc!();
  globalThis.gc!();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heap: heapUsed + external };
}

export function listening(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => resolve((server.address() as AddressInfo).port));
  });
}
