import type { AcquireApi, Contender, Job, RunApi } from "./contender.ts";

/** One way through a gate, whatever its style: for what is checked rather than timed. */
export interface Door {
  use(job: Job, priority: number, signal?: AbortSignal): Promise<void>;
}

export async function openDoor(contender: Contender): Promise<() => Door> {
  if (contender.style === "acquire") {
    const make = await contender.open();
    return () => acquireDoor(make());
  }
  const make = await contender.open();
  return () => runDoor(make());
}

function acquireDoor(gate: AcquireApi): Door {
  return {
    async use(job, priority, signal) {
      const token = await gate.acquire(priority, signal);
      try {
        await job();
      } finally {
        gate.release(token);
      }
    },
  };
}

function runDoor(gate: RunApi): Door {
  return {
    async use(job, priority, signal) {
      await gate.run(job, priority, signal);
    },
  };
}

/** Takes the permit; whoever comes next waits until the returned function is called. */
export async function hold(door: Door): Promise<() => void> {
  const { promise: started, resolve: start } = Promise.withResolvers<void>();
  const { promise: end, resolve: finish } = Promise.withResolvers<void>();
  void door.use(() => {
    start();
    return end;
  }, 0);
  await started;
  return finish;
}
