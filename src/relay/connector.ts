import { buildConnector } from "undici";

/** What undici's own errors say of their connection; the operating system's errors say nothing. */
export interface ErrorWithSocket extends Error {
  socket?: { readonly bytesRead: number };
}

/**
 * Connects as undici does, and notes on the error of every connection how much had been read from it: only so can a reset in the
 * middle of the first answer be told from one that met a connection which had served before.
 */
export function connector(timeoutMs: number): buildConnector.connector {
  const connect = buildConnector({ timeout: timeoutMs });
  return (options, callback) => {
    connect(options, (...[error, socket]) => {
      if (error !== null) return callback(error, null);
      // Before undici adds its own listener, which passes the error on.
      socket.on("error", (thrown: ErrorWithSocket) => {
        thrown.socket ??= { bytesRead: socket.bytesRead };
      });
      return callback(null, socket);
    });
  };
}
