import type { ServerResponse } from "node:http";
import type { Gate } from "../../gate/index.ts";
import { Refused } from "../refused.ts";
import type { RequestObserver } from "../request-log.ts";
import type { Control } from "./control.ts";
import { endedFor, HistoryChanges } from "./history-changes.ts";
import { endedView, historyOf } from "./history-view.ts";
import { eventText, LiveChanges, type Reader } from "./live-changes.ts";
import { LiveStream } from "./live-stream.ts";
import type { LongStatus } from "./long-status.ts";
import { statusFor, statusOf } from "./status-of.ts";
import type { Status } from "./status-view.ts";

/** Changes within this time are told together. */
const COALESCE_MS = 250;
/** How often those are looked for that nobody reports: of model servers. */
const LOOK_MS = 2_000;
/** Who runs and the first of those who wait; beyond, the numbers of the gates must do. */
const REQUESTS_SHOWN = 1_000;
/** Each costs a comparison of everything four times a second. */
const MAX_STREAMS = 100;

/**
 * The live view: a snapshot for everyone who comes, and from then on what changes. The path of requests only leaves a note that
 * something happened; everything else is done later, at most every {@link COALESCE_MS}, and only while somebody watches.
 */
export class LiveEvents implements RequestObserver {
  readonly #control: Control;
  readonly #streams = new Map<LiveStream, Reader>();
  readonly #watched = new Map<Gate, () => void>();
  #changes: LiveChanges | undefined;
  #historyChanges: HistoryChanges | undefined;
  #callOffTelling: (() => void) | null = null;
  #callOffLook: (() => void) | null = null;

  constructor(control: Control) {
    this.#control = control;
  }

  /**
   * Begins to answer with the live view, as `reader` may see it.
   *
   * @throws {Refused} 429 when too many watch.
   */
  open(reader: Reader, response: ServerResponse): void {
    if (this.#streams.size >= MAX_STREAMS) {
      const message = `${MAX_STREAMS} watch already; close another view first`;
      throw new Refused("refused", { status: 429, code: "too_many_streams", message, retryAfterSeconds: 2 });
    }
    const stream = new LiveStream(response, {
      clock: this.#control.clock,
      snapshot: () => eventText("snapshot", JSON.stringify(this.#snapshot(reader))),
      onClose: () => this.#closed(stream),
    });
    this.#streams.set(stream, reader);
    this.#changes ??= new LiveChanges(this.#status());
    this.#historyChanges ??= new HistoryChanges(historyOf(this.#control));
    this.#watchGates();
    this.#callOffLook ??= this.#lookLater();
  }

  opened(): void {
    this.#stir();
  }

  changed(): void {
    this.#stir();
  }

  closed(): void {
    this.#stir();
  }

  /** Tells the last news, and ends every stream. */
  close(): void {
    this.#tell();
    for (const stream of this.#streams.keys()) stream.end();
  }

  #stir(): void {
    if (this.#streams.size === 0) return;
    this.#callOffTelling ??= this.#control.clock.after(COALESCE_MS, () => this.#tell(), false);
  }

  #tell(): void {
    this.#callOffTelling?.();
    this.#callOffTelling = null;
    if (this.#changes === undefined || this.#historyChanges === undefined) return;
    this.#watchGates();
    const history = historyOf(this.#control);
    const changes = [...this.#changes.next(this.#status()), ...this.#historyChanges.next(history)];
    for (const [stream, reader] of this.#streams) {
      stream.send(changes.map((change) => change.textFor(reader)).filter((text) => text !== undefined));
    }
  }

  #lookLater(): () => void {
    return this.#control.clock.after(
      LOOK_MS,
      () => {
        this.#callOffLook = this.#lookLater();
        this.#tell();
      },
      false,
    );
  }

  /** New gates come with new servers. Of what happens at them, only this is no request's doing. */
  #watchGates(): void {
    for (const { gate } of this.#control.gates.all) {
      if (this.#watched.has(gate)) continue;
      const ends = [gate.on("state", () => this.#stir()), gate.on("park", () => this.#stir())];
      this.#watched.set(gate, () => ends.forEach((end) => end()));
    }
  }

  #closed(stream: LiveStream): void {
    this.#streams.delete(stream);
    if (this.#streams.size > 0) return;
    this.#callOffTelling?.();
    this.#callOffTelling = null;
    this.#callOffLook?.();
    this.#callOffLook = null;
    for (const end of this.#watched.values()) end();
    this.#watched.clear();
    this.#changes = undefined;
    this.#historyChanges = undefined;
  }

  #snapshot(reader: Reader): Status | LongStatus {
    const { identity, history } = reader;
    const status = statusFor(identity, this.#status());
    if (!history) return status;
    const { ended, ...rest } = historyOf(this.#control);
    return {
      ...status,
      ...rest,
      caller: { client: identity.client, role: identity.role },
      foregroundUpTo: this.#control.config.queue.foregroundUpTo,
      ended: ended.map((each) => endedFor(reader, endedView(each))),
    };
  }

  #status(): Status {
    return statusOf(this.#control, REQUESTS_SHOWN);
  }
}
