import type { WayName } from "./place.ts";

/** One person's request, as its client saw it. Times by the process's monotonic clock, in milliseconds. */
export interface Person {
  readonly number: number;
  readonly askedAt: number;
  firstAt?: number;
  lastAt?: number;
  endedAt?: number;
}

/** A whole answer, and which question it answers. */
export interface Told {
  readonly by: "people" | "background";
  readonly number: number;
  readonly text: string;
}

/** What happens on one way, while it happens. Whoever shows it looks at it whenever it likes. */
export class Lane {
  readonly way: WayName;
  state: "ahead" | "running" | "over" = "ahead";
  /** From the moment that people may come. */
  beganAt = 0;
  endedAt = 0;
  readonly people: Person[] = [];
  /** Of the background, since people may come; its clients' last piece. */
  tokens = 0;
  backgroundAt = 0;
  readonly told: Told[] = [];
  /** Why there are answers missing. */
  readonly failures: string[] = [];
  /** Whether requests of others were seen at the server; `null` where it does not tell. */
  others: boolean | null = null;
  readonly #onFirst: ((afterMs: number) => void) | undefined;

  /** `onFirst` is called when a person hears the first of an answer. */
  constructor(way: WayName, onFirst?: (afterMs: number) => void) {
    this.way = way;
    this.#onFirst = onFirst;
  }

  begin(now: number): void {
    this.state = "running";
    this.beganAt = now;
    this.tokens = 0;
  }

  end(now: number): void {
    this.state = "over";
    this.endedAt = now;
  }

  heardBy(person: Person, now: number): void {
    person.lastAt = now;
    if (person.firstAt !== undefined) return;
    person.firstAt = now;
    this.#onFirst?.(now - person.askedAt);
  }

  heardBackground(tokens: number, now: number): void {
    this.tokens += tokens;
    this.backgroundAt = now;
  }

  get answered(): number {
    return this.told.filter(({ by }) => by === "people").length;
  }

  /** People who have nothing of their answer yet. */
  get waiting(): number {
    return this.people.filter(({ firstAt, endedAt }) => firstAt === undefined && endedAt === undefined).length;
  }

  /** Milliseconds to the first piece of content, of those that have one. */
  get firstTokens(): number[] {
    return this.people.flatMap(({ askedAt, firstAt }) => (firstAt === undefined ? [] : [firstAt - askedAt]));
  }

  /** Of the background, until `now` or the end. */
  tokensPerSecond(now: number): number {
    const tookMs = (this.state === "over" ? this.endedAt : now) - this.beganAt;
    return tookMs > 0 ? (this.tokens / tookMs) * 1000 : 0;
  }
}
