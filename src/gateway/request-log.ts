import { systemClock, type Clock } from "../gate/index.ts";
import type { Classification } from "./classify.ts";
import { notePhase } from "./request-phase.ts";
import type { RequestRecord } from "./request-record.ts";

/** Something that follows requests: the log, the metrics, the live view. It must not throw and must not be slow. */
export interface RequestObserver {
  opened?(record: RequestRecord): void;
  classified?(classification: Classification, client: string): void;
  changed?(record: RequestRecord): void;
  closed?(record: RequestRecord): void;
}

/** The requests inside the gateway, and those who follow them. */
export class RequestLog {
  /** By id, oldest first. */
  readonly live: Map<string, RequestRecord> = new Map();
  readonly #observers: RequestObserver[] = [];
  readonly #clock: Pick<Clock, "now">;

  constructor(clock: Pick<Clock, "now"> = systemClock) {
    this.#clock = clock;
  }

  follow(observer: RequestObserver): void {
    this.#observers.push(observer);
  }

  open(record: RequestRecord): void {
    this.live.set(record.id, record);
    for (const observer of this.#observers) observer.opened?.(record);
  }

  classified(classification: Classification, client: string): void {
    for (const observer of this.#observers) observer.classified?.(classification, client);
  }

  changed(record: RequestRecord): void {
    notePhase(record, this.#clock.now());
    for (const observer of this.#observers) observer.changed?.(record);
  }

  close(record: RequestRecord): void {
    record.state = "over";
    this.live.delete(record.id);
    for (const observer of this.#observers) observer.closed?.(record);
  }
}
