import { exponential, lognormal } from "./draws.ts";
import { randomNumbers } from "./random.ts";

export type PeopleName = "chat" | "agents" | "short questions";
export type BackgroundName = "batch" | "classify" | "letters";

/** The size of one request in tokens, and what of its prompt all requests of the workload begin with. */
export interface Size {
  readonly shared: number;
  readonly prompt: number;
  readonly answer: number;
}

/** One kind of work. Request `number` always has the same size and the same words. */
export interface Workload<Name extends string = string> {
  readonly name: Name;
  /** What it is, for the report. */
  readonly title: string;
  readonly priority: number;
  size(random: () => number): Size;
  /** A turn comes no sooner than the answer to the one before. */
  readonly inTurns: boolean;
}

/** Nearly all of a context window can be prompt; the rest must hold the answer, and what the template adds. */
const TEMPLATE_TOKENS = 64;

/**
 * People. Chat has the lengths of the Azure 2023 conversation trace (Splitwise, ISCA'24); agents those of Mooncake's tool and agent trace
 * (FAST'25): a long prefix that all turns share, little new, a short answer.
 */
export const PEOPLE: Readonly<Record<PeopleName, Workload<PeopleName>>> = {
  chat: {
    name: "chat",
    title: "people chatting (median 760 tokens in, 150 out)",
    priority: 0,
    inTurns: false,
    size: (random) => ({
      shared: 0,
      prompt: lognormal(random, { mu: 6.633, sigma: 0.985, least: 3, most: 8192 }),
      answer: lognormal(random, { mu: 5.019, sigma: 0.859, least: 7, most: 1000 }),
    }),
  },
  agents: {
    name: "agents",
    title: "an agent's turns (7000 tokens that all turns share, 300 new, about 180 out)",
    priority: 50,
    inTurns: true,
    size: (random) => ({ shared: 7000, prompt: 300, answer: Math.round(60 + exponential(random, 120)) }),
  },
  "short questions": {
    name: "short questions",
    title: "people with short questions",
    priority: 0,
    inTurns: false,
    size: () => ({ shared: 0, prompt: 20, answer: 24 }),
  },
};

/** Background: requests of one size each, asked for without end. */
export const BACKGROUNDS: Readonly<Record<BackgroundName, Workload<BackgroundName>>> = {
  batch: {
    name: "batch",
    title: "a batch (1500 tokens in, 600 out)",
    priority: 100,
    inTurns: false,
    size: () => ({ shared: 0, prompt: 1500, answer: 600 }),
  },
  classify: {
    name: "classify",
    title: "documents to classify (400 tokens in, 1 to 5 out)",
    priority: 100,
    inTurns: false,
    size: (random) => ({ shared: 0, prompt: 400, answer: 1 + Math.floor(random() * 5) }),
  },
  letters: {
    name: "letters",
    title: "long letters",
    priority: 100,
    inTurns: false,
    size: () => ({ shared: 0, prompt: 30, answer: 150 }),
  },
};

/** One request of a workload. */
export interface Question {
  readonly number: number;
  readonly priority: number;
  readonly maxTokens: number;
  /** Words that all questions of the workload begin with, then those of this one. */
  readonly words: { readonly shared: string; readonly own: string };
}

/** Question `number`, cut down where it would not fit the model's context. */
export function questionOf(workload: Workload, number: number, contextTokens: number): Question {
  const random = randomNumbers(SEEDS[workload.name]! * 100_003 + number);
  const { shared, prompt, answer } = workload.size(random);
  const maxTokens = Math.min(answer, Math.ceil(contextTokens / 4));
  const room = Math.max(1, contextTokens - maxTokens - TEMPLATE_TOKENS);
  const own = Math.min(prompt, room);
  const common = randomNumbers(SEEDS[workload.name]!);
  return {
    number,
    priority: workload.priority,
    maxTokens,
    // The number first: nothing of it is in a prompt cache before it was asked.
    words: {
      shared: wordsOf(common, Math.min(shared, room - own)),
      own: `${workload.name} ${number}: ${wordsOf(random, own)}`,
    },
  };
}

const SEEDS: Readonly<Record<string, number>> = {
  chat: 11,
  agents: 12,
  "short questions": 13,
  batch: 21,
  classify: 22,
  letters: 23,
};

/** Short and common: a token each, to nearly every tokenizer. */
const WORDS = (
  "time year way day man thing woman life child world group hand part place case week work night point home water room area " +
  "money story fact month lot right study book eye job word issue side kind head house power hour game line end law car city " +
  "name team idea body back face door art war party air force river hill tree bird stone road light"
).split(" ");

function wordsOf(random: () => number, count: number): string {
  return Array.from({ length: count }, () => WORDS[Math.floor(random() * WORDS.length)]!).join(" ");
}
