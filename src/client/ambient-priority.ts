import { AsyncLocalStorage } from "node:async_hooks";
import { checkPriority, DEFAULT_PRIORITY, type Priority } from "../gate/priority.ts";
import { processWide } from "./process-wide.ts";

const current = (): AsyncLocalStorage<Priority> =>
  processWide("headgate.ambientPriority", () => new AsyncLocalStorage<Priority>({ name: "headgate.ambientPriority" }));

/**
 * Runs `fn` with an ambient priority, so that a call path need not thread an argument through ten call sites. It follows
 * `fn` across `await`, timers and callbacks, ends with it for the caller, and an inner `withPriority` covers an outer one.
 *
 * An ambient priority is only a default: {@link gatedFetch} and a gate made with {@link priorityFromContext} ask for it, and
 * a priority given explicitly beats it. It does not touch calls that already wait.
 *
 * @returns what `fn` returns; what it throws passes through.
 * @throws {TypeError | RangeError} when `priority` is not a finite number; `fn` is then not called.
 *
 * @example
 * app.post("/chat", (request, response) => withPriority(Priority.FOREGROUND, () => chat(request, response)));
 */
export function withPriority<T>(priority: Priority, fn: () => T): T {
  return current().run(checkPriority(priority, false), fn);
}

/** The priority that the innermost {@link withPriority} around this call gave, or `undefined` outside of any. */
export function ambientPriority(): Priority | undefined {
  return current().getStore();
}

/**
 * For a gate's `defaultPriority`: calls that give no priority take the ambient one, and `fallback` where there is none.
 *
 * @throws {TypeError | RangeError} when `fallback` is not a finite number.
 *
 * @example
 * const gate = new Gate({ defaultPriority: priorityFromContext() });
 * await withPriority(Priority.FOREGROUND, () => gate.run(() => answer(question)));
 */
export function priorityFromContext(fallback: Priority = DEFAULT_PRIORITY): () => Priority {
  checkPriority(fallback, false);
  return () => ambientPriority() ?? fallback;
}
