import type { IncomingMessage } from "node:http";
import type { Clock } from "../gate/index.ts";

/**
 * How long a refused client may go on sending. Closing at once would reset the connection, and many clients would then never read
 * why they were refused (RFC 9112 §9.6).
 */
const LINGER_MS = 5_000;

/** Reads the rest of a refused request without keeping it, and ends the connection if there is still more after a while. */
export function discardRest(request: IncomingMessage, clock: Clock): void {
  if (request.complete || request.destroyed) return;
  const { socket } = request;
  const callOff = clock.after(LINGER_MS, () => socket.destroy(), true);
  // Of a request that is answered already Node no longer tells the end of its connection, so the connection is asked itself.
  const isOver = (): void => {
    callOff();
    request.off("end", isOver);
    socket.off("close", isOver);
  };
  request.on("end", isOver);
  socket.on("close", isOver);
  request.resume();
}
