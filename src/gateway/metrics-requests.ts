import { Counter, Histogram, type Registry } from "prom-client";
import type { Classification } from "./classify.ts";
import type { PriorityClass } from "./priority-class.ts";
import { waitedMs, type RequestRecord } from "./request-record.ts";

/** More model names than this do not get series of their own. */
const MAX_MODELS = 100;

const WAIT_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600];
// Those of OpenTelemetry's gen_ai.server metrics, and on for machines that are slower and queues that are longer.
const DURATION_BUCKETS = [0.01, 0.04, 0.16, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84, 327.68, 655.36];
const FIRST_TOKEN_BUCKETS = [0.005, 0.01, 0.02, 0.04, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60, 300];
const TOKEN_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5];

interface Timed {
  observe(seconds: number): void;
}

/** The times of one class and model, looked up once: prom-client builds a key from the labels at every call otherwise. */
interface Times {
  readonly total: Timed;
  readonly firstToken: Timed;
  readonly perToken: Timed;
}

/** What finished requests leave behind. */
export class RequestMetrics {
  readonly #classOf: (priority: number | undefined) => PriorityClass;
  readonly #isListed: (model: string) => boolean;
  readonly #models = new Set<string>();
  readonly #times = new Map<string, Times>();
  readonly #requests: Counter<"priority_class" | "outcome" | "model">;
  readonly #wait: Histogram<"priority_class" | "outcome">;
  readonly #total: Histogram<"priority_class" | "model">;
  readonly #firstToken: Histogram<"priority_class" | "model">;
  readonly #perToken: Histogram<"priority_class" | "model">;
  readonly #parks: Counter<"priority_class" | "way_back">;
  readonly #unknown: Counter;
  readonly #clamped: Counter;

  constructor(
    registry: Registry,
    classOf: (priority: number | undefined) => PriorityClass,
    isListed: (model: string) => boolean,
  ) {
    this.#classOf = classOf;
    this.#isListed = isListed;
    const registers = [registry];
    this.#requests = new Counter({
      name: "headgate_requests_total",
      help: "Requests that have ended, by how; class none never came to have a priority.",
      labelNames: ["priority_class", "outcome", "model"],
      registers,
    });
    this.#wait = new Histogram({
      name: "headgate_queue_wait_seconds",
      help: "Seconds from the arrival of a request to its permit (outcome granted) or to the end of its wait.",
      labelNames: ["priority_class", "outcome"],
      buckets: WAIT_BUCKETS,
      registers,
    });
    const labelNames = ["priority_class", "model"] as const;
    this.#total = new Histogram({
      name: "headgate_request_duration_seconds",
      help: "Seconds from the arrival of a request to the end of its answer, for requests that got a permit.",
      labelNames,
      buckets: DURATION_BUCKETS,
      registers,
    });
    this.#firstToken = new Histogram({
      name: "headgate_time_to_first_token_seconds",
      help: "Seconds from the arrival of a request to the first token of its answer.",
      labelNames,
      buckets: FIRST_TOKEN_BUCKETS,
      registers,
    });
    this.#perToken = new Histogram({
      name: "headgate_time_per_output_token_seconds",
      help: "Seconds for each token after the first.",
      labelNames,
      buckets: TOKEN_BUCKETS,
      registers,
    });
    this.#parks = new Counter({
      name: "headgate_parks_total",
      help: "Times that a running request stepped aside, and how it came back: resumed where it stopped, or restarted.",
      labelNames: ["priority_class", "way_back"],
      registers,
    });
    this.#unknown = new Counter({
      name: "headgate_unknown_priority_total",
      help: "Requests that named a priority which nobody knows; it counted for nothing.",
      registers,
    });
    this.#clamped = new Counter({
      name: "headgate_clamped_total",
      help: "Requests whose priority was lowered to the ceiling of their key.",
      registers,
    });
  }

  classified({ unknown, clamped }: Classification): void {
    if (unknown !== undefined) this.#unknown.inc();
    if (clamped) this.#clamped.inc();
  }

  closed(record: RequestRecord): void {
    const { outcome = "internal_error", priority, grantedAt, gateId } = record;
    const priorityClass = this.#classOf(priority);
    const model = this.#modelLabel(record.model);
    this.#requests.labels(priorityClass, outcome, model).inc();
    const { parks, restarts } = record;
    if (parks > restarts) this.#parks.labels(priorityClass, "resumed").inc(parks - restarts);
    if (restarts > 0) this.#parks.labels(priorityClass, "restarted").inc(restarts);
    const granted = grantedAt !== undefined;
    if (granted || gateId !== undefined) {
      this.#wait.labels(priorityClass, granted ? "granted" : outcome).observe(waitedMs(record) / 1000);
    }
    if (granted) observeTimes(this.#timesOf(priorityClass, model), record);
  }

  #timesOf(priorityClass: PriorityClass, model: string): Times {
    const key = `${priorityClass} ${model}`;
    const known = this.#times.get(key);
    if (known !== undefined) return known;
    const times = {
      total: this.#total.labels(priorityClass, model),
      firstToken: this.#firstToken.labels(priorityClass, model),
      perToken: this.#perToken.labels(priorityClass, model),
    };
    this.#times.set(key, times);
    return times;
  }

  #modelLabel(model: string | undefined): string {
    if (model === undefined) return "none";
    if (this.#models.has(model)) return model;
    if (this.#models.size >= MAX_MODELS || !this.#isListed(model)) return "other";
    this.#models.add(model);
    return model;
  }
}

function observeTimes(times: Times, { arrivedAt, firstTokenAt, endedAt, completionTokens }: RequestRecord): void {
  if (endedAt === undefined) return;
  times.total.observe((endedAt - arrivedAt) / 1000);
  if (firstTokenAt === undefined) return;
  times.firstToken.observe((firstTokenAt - arrivedAt) / 1000);
  if (completionTokens === undefined || completionTokens < 2) return;
  times.perToken.observe((endedAt - firstTokenAt) / 1000 / (completionTokens - 1));
}
