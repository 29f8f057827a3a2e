import type { BatchObject } from "../../batch/batch-object.ts";
import { progressText, statusOf } from "./batch-text.ts";

/** The rate is that of so long: it follows changes, and a slow line does not make it jump. */
const RATE_MS = 30_000;
/** Where nobody looks at a bar, a line now and then is enough. */
const LINE_EVERY_MS = 30_000;
const LINE_EVERY_SHARE = 0.1;

interface Moment {
  readonly at: number;
  readonly ended: number;
}

/** Where progress is written. */
export interface Screen {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Shows how a batch gets on: a bar that moves on a terminal, a line at every change worth one elsewhere. */
export class Progress {
  readonly #screen: Screen;
  #moments: Moment[] = [];
  #told: (Moment & { readonly status: string }) | undefined;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** @param now - milliseconds of any clock. */
  show(batch: BatchObject, now: number): void {
    const { completed, failed, total } = batch.request_counts;
    const ended = completed + failed;
    this.#moments = [...this.#moments.filter(({ at }) => now - at <= RATE_MS), { at: now, ended }];
    const text = progressText(batch, this.#perSecond());
    if (this.#screen.isTTY === true) return void this.#screen.write(`\r\u{1b}[K${text}`);
    const status = statusOf(batch);
    const told = this.#told;
    const isNews = told?.status !== status || ended - told.ended >= total * LINE_EVERY_SHARE;
    if (ended === told?.ended && told.status === status) return;
    if (!isNews && now - told.at < LINE_EVERY_MS) return;
    this.#told = { at: now, ended, status };
    this.#screen.write(`${text}\n`);
  }

  /** Leaves what was shown last to be read. */
  end(): void {
    if (this.#screen.isTTY === true) this.#screen.write("\n");
  }

  #perSecond(): number | undefined {
    const [first] = this.#moments;
    const last = this.#moments.at(-1);
    if (first === undefined || last === undefined || last.at === first.at) return undefined;
    return ((last.ended - first.ended) * 1_000) / (last.at - first.at);
  }
}
