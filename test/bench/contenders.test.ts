import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { Contender, Job, RunApi } from "../../bench/gate/contender.ts";
import { contenders } from "../../bench/gate/contenders.ts";
import { DisprovedError, prove } from "../../bench/gate/correctness.ts";

describe("what is benchmarked", () => {
  // The bare signals are no gate, only the price of a listener.
  for (const contender of contenders.filter(({ role }) => role !== "signals")) {
    it(`does the work it is timed for: ${contender.id}, ${contender.style}`, async () => {
      await prove(contender);
    });
  }

  it("is ours in both styles, with priorities and cancellation", () => {
    const ours = contenders.filter(({ role }) => role === "ours");
    assert.deepEqual(
      ours.map(({ cancel, priorities, style }) => ({ cancel, priorities, style })),
      [
        { cancel: true, priorities: true, style: "acquire" },
        { cancel: true, priorities: true, style: "run" },
      ],
    );
  });
});

interface Waiting {
  readonly start: () => void;
  readonly fail: (reason: unknown) => void;
  readonly priority: number;
}

/** A correct gate in the plainest form, with one place for each way of being wrong. */
class PlainGate implements RunApi {
  protected line: Waiting[] = [];
  protected held = 0;

  async run(job: Job, priority: number, signal?: AbortSignal): Promise<void> {
    if (this.admits()) this.held++;
    else await this.wait(priority, signal);
    try {
      await job();
    } finally {
      const next = this.take();
      if (next === undefined) this.held--;
      else next.start();
    }
  }

  protected admits(): boolean {
    return this.held === 0;
  }

  protected wait(priority: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((start, fail) => {
      const waiting: Waiting = { start, fail, priority };
      this.line.push(waiting);
      signal?.addEventListener("abort", () => this.cancel(waiting, signal), { once: true });
    });
  }

  protected cancel(waiting: Waiting, signal: AbortSignal): void {
    this.line = this.line.filter((other) => other !== waiting);
    waiting.fail(signal.reason);
  }

  protected take(): Waiting | undefined {
    const soonest = this.line.toSorted((a, b) => a.priority - b.priority)[0];
    this.line = this.line.filter((other) => other !== soonest);
    return soonest;
  }
}

class TwoAtOnce extends PlainGate {
  protected override admits(): boolean {
    return this.held < 2;
  }
}

class LosesOne extends PlainGate {
  #served = 0;
  protected override take(): Waiting | undefined {
    if (++this.#served === 10) super.take();
    return super.take();
  }
}

class LastComeFirstServed extends PlainGate {
  protected override take(): Waiting | undefined {
    this.line.reverse();
    return this.line.shift();
  }
}

class LargestFirst extends PlainGate {
  protected override take(): Waiting | undefined {
    const soonest = this.line.toSorted((a, b) => b.priority - a.priority)[0];
    this.line = this.line.filter((other) => other !== soonest);
    return soonest;
  }
}

class RejectsButKeeps extends PlainGate {
  protected override cancel(waiting: Waiting, signal: AbortSignal): void {
    waiting.fail(signal.reason);
  }
}

class DeafToSignals extends PlainGate {
  protected override cancel(): void {}
}

class ServesTheCancelled extends PlainGate {
  protected override cancel(waiting: Waiting): void {
    waiting.start();
  }
}

function contenderOf(Kind: new () => RunApi, claims: { priorities: boolean; cancel: boolean }): Contender {
  const open = (): Promise<() => RunApi> => Promise.resolve(() => new Kind());
  return { id: Kind.name, style: "run", role: "peer", packageName: null, ...claims, open };
}

const BOTH = { priorities: true, cancel: true };

describe("the proof before the clock", () => {
  it("passes a correct gate", async () => {
    await prove(contenderOf(PlainGate, BOTH));
  });

  for (const [fault, Kind, complaint] of [
    ["two holders at once", TwoAtOnce, /one holder at a time/],
    ["a lost waiter", LosesOne, /waiters lost/],
    ["last come, first served", LastComeFirstServed, /first come, first served inside a priority/],
    ["priorities the wrong way round", LargestFirst, /the smallest priority first/],
    ["a cancelled waiter that still blocks the line", RejectsButKeeps, /out of the line/],
    ["a signal that is not heard", DeafToSignals, /out of the line/],
    ["a cancelled waiter that is served", ServesTheCancelled, /out of the line/],
  ] as const) {
    it(`refuses ${fault}`, async () => {
      await assert.rejects(prove(contenderOf(Kind, BOTH)), (error) => {
        assert.ok(error instanceof DisprovedError);
        assert.match(error.message, complaint);
        return true;
      });
    });
  }

  it("refuses a claim of plain order of arrival by a gate that lets priorities decide", async () => {
    await assert.rejects(prove(contenderOf(PlainGate, { priorities: false, cancel: true })), DisprovedError);
  });
});
