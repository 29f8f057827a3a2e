import type { GroupCommit } from "./group-commit.ts";

/** Does what can wait, piece by piece, whenever no call is waiting. */
export class Tidier {
  readonly #commits: GroupCommit;
  #next: NodeJS.Immediate | undefined;

  constructor(commits: GroupCommit) {
    this.#commits = commits;
  }

  /** There may be something to do. */
  wake(): void {
    this.#next ??= setImmediate(() => {
      this.#next = undefined;
      if (this.#didSome()) this.wake();
    });
  }

  /** What is left is done by the next owner. */
  stop(): void {
    clearImmediate(this.#next);
    this.#next = undefined;
  }

  /** What fails, for want of space or of ownership, is tried again behind the next call. */
  #didSome(): boolean {
    try {
      return this.#commits.tidy();
    } catch {
      return false;
    }
  }
}
