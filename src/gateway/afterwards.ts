/**
 * Runs `task` once everybody has been sent on who can be since this turn of the event loop. The last of an answer is written so: the
 * request that gets its permit, for which the model server stands idle, leaves before. That is within the next turn and not in this
 * one, because undici looks at a connection for a turn before it uses it again (GHSA-35p6-xmwp-9g52).
 */
export function afterwards(task: () => void): void {
  setImmediate(() => setImmediate(task));
}
