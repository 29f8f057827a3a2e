import type { SimulatedEngine, Timing } from "../../src/testing/index.ts";

/** How much is measured. Times in milliseconds. */
export interface Effort {
  readonly quick: boolean;
  /** How long people come, for each row and rate. */
  readonly forMs: number;
  /** The shares of the slot's time that people take. */
  readonly shares: readonly number[];
  /** How long the background runs before the first of them. */
  readonly settleMs: number;
  /** Requests that have the slot to themselves before that: they tell how long one takes, and everything has run once. */
  readonly lone: number;
  /** Background answers of each row that are compared with the uninterrupted one, at most: the last. */
  readonly compared: number;
  /** Answers of each background client in the proof. */
  readonly proven: number;
  readonly restarting: readonly Restarter[];
  readonly restartMs: number;
}

/** An engine, and clients of it, where stepping aside means to begin anew, or to be asked for the answer whole. */
export interface Restarter {
  readonly engine: SimulatedEngine;
  /** Whether background clients stream. */
  readonly streamed: boolean;
  /** Whether the background is sure to step aside once in the proof. */
  readonly surely: boolean;
}

const RESTARTING: readonly Restarter[] = [
  // Hardly ever caught before its first token.
  { engine: "mlx-lm", streamed: true, surely: false },
  // Asked for as a stream, so that it can be stopped.
  { engine: "mlx-lm", streamed: false, surely: true },
  { engine: "llama-server", streamed: false, surely: true },
  { engine: "ollama", streamed: false, surely: true },
];

export const FULL: Effort = {
  quick: false,
  forMs: 230_000,
  shares: [0.1, 0.3],
  settleMs: 3000,
  lone: 4,
  compared: 10_000,
  proven: 4,
  restarting: RESTARTING,
  restartMs: 40_000,
};

export const QUICK: Effort = {
  quick: true,
  forMs: 6000,
  shares: [0.3],
  settleMs: 500,
  lone: 2,
  compared: 4,
  proven: 1,
  restarting: RESTARTING.slice(0, 1),
  restartMs: 5000,
};

/** A real server is no faster than it is, has one slot for all rows, and answers for itself what it would have said. */
export const REAL: Effort = { ...FULL, forMs: 480_000, settleMs: 10_000, compared: 4, restarting: [] };
export const REAL_QUICK: Effort = {
  ...REAL,
  quick: true,
  forMs: 20_000,
  settleMs: 2000,
  shares: [0.3],
  lone: 2,
  compared: 1,
};

/** Everything is so many times as fast as on the machine it stands for: the ratios stay, and a run ends in minutes. */
const SPEED = 4;

/** A Mac mini with a model of 26 billion parameters: it reads 600 tokens of a prompt in a second, and writes 55. */
const READS_PER_SECOND = 600;
const WRITES_PER_SECOND = 55;

/** @param speed - how many times as fast as that machine. */
export function timing(speed: number = SPEED): Timing {
  return {
    prefillMsPerToken: 1000 / (READS_PER_SECOND * speed),
    decodeMsPerToken: 1000 / (WRITES_PER_SECOND * speed),
    loadMs: 0,
  };
}

/** Nothing is timed in the proof. */
export const PROOF_SPEED = 24;

/** What is asked, in tokens. */
export interface Job {
  readonly prompt: number;
  readonly answer: number;
}

export const BACKGROUND: Job = { prompt: 1500, answer: 600 };
export const FOREGROUND: Job = { prompt: 300, answer: 150 };

/** Somebody of the background always waits. */
export const BACKGROUND_CLIENTS = 4;
export const SEED = 20_261_125;
