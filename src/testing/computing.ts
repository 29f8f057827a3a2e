import type { ComputeTask } from "./call.ts";
import type { Output } from "./output.ts";
import type { Served } from "./served.ts";

/** An answer that is there when its input was read. */
export class Computing implements Output {
  readonly streaming = false;
  readonly decodes = false;
  readonly broken = false;
  readonly text = "";
  readonly #task: ComputeTask;
  readonly #send: () => void;
  readonly #cut: () => void;

  constructor(
    task: ComputeTask,
    served: Served,
    { send, cut }: { readonly send: () => void; readonly cut: () => void },
  ) {
    this.#task = task;
    this.#send = send;
    this.#cut = cut;
    served.promptTokens = task.tokens;
  }

  arrived(): void {}

  seated(): number {
    return this.#task.tokens;
  }

  prefilled(): boolean {
    return false;
  }

  decoding(): void {}

  token(): { more: boolean; wrote: boolean } {
    return { more: false, wrote: false };
  }

  stalls(): boolean {
    return false;
  }

  finish(): void {
    this.#send();
  }

  cancelled(): void {
    this.#cut();
  }
}
