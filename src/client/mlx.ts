/**
 * `headgate/mlx`: one gate per process in front of a model that this process shares, as in the Python gate it began as.
 *
 * @module
 */
import { Gate, Priority, type Permit } from "../gate/index.ts";
import { priorityFromContext } from "./ambient-priority.ts";
import { processWide, takeProcessWide } from "./process-wide.ts";

const SLOT = "headgate.mlxGate";

/**
 * The process's one gate (capacity 1), made at the first use: to observe it, or for what the two functions below do not
 * offer. All copies of this package in the process share it.
 */
export function mlxGate(): Gate {
  return processWide(SLOT, () => new Gate({ name: "mlx", defaultPriority: priorityFromContext() }));
}

/**
 * Waits for the process's one permit. Without `priority` the ambient one counts (see `withPriority`), else background.
 *
 * @throws {TypeError | RangeError} synchronously, when `priority` is not a finite number.
 *
 * @example
 * using permit = await acquireMlxGate(Priority.FOREGROUND);
 */
export function acquireMlxGate(priority?: Priority): Promise<Permit> {
  return mlxGate().acquire({ priority });
}

/**
 * The legacy form: always background, whatever the context says, and resolves to something that can only be disposed of.
 * New code calls {@link acquireMlxGate}.
 *
 * @example
 * using _ = await getMlxGate();
 */
export async function getMlxGate(): Promise<Disposable> {
  const permit = await mlxGate().acquire({ priority: Priority.BACKGROUND });
  return {
    [Symbol.dispose](): void {
      permit.release();
    },
  };
}

/**
 * For tests: forgets the gate, so that the next call makes a fresh one. Whoever still waits at the old one is rejected with
 * code `closed`; whoever holds its permit keeps it, and it counts against nothing any more.
 */
export function resetMlxGate(): void {
  const gate = takeProcessWide(SLOT) as Gate | undefined;
  gate?.close("resetMlxGate() was called");
}
