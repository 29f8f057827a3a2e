/** How much is measured. Times in milliseconds. */
export interface Effort {
  readonly quick: boolean;
  /** How long the foreground comes, for each row and rate. */
  readonly forMs: number;
  /** How long the background runs alone, to know what it could do. */
  readonly aloneMs: number;
  /** The shares of the slot's time that the foreground takes. */
  readonly shares: readonly number[];
  /** Background answers of each row that are compared with what the server says uninterrupted. */
  readonly compared: number;
}

export const FULL: Effort = { quick: false, forMs: 30_000, aloneMs: 10_000, shares: [0.1, 0.3], compared: 8 };
export const QUICK: Effort = { quick: true, forMs: 1_200, aloneMs: 800, shares: [0.3], compared: 1 };

/** A Mac mini with a model of 26 billion parameters reads 600 tokens of a prompt a second and writes 55, made ten times as fast. */
export const TIMING: {
  readonly prefillMsPerToken: number;
  readonly decodeMsPerToken: number;
  readonly loadMs: number;
} = {
  prefillMsPerToken: 1000 / 6000,
  decodeMsPerToken: 1000 / 550,
  loadMs: 0,
};

/** What is asked, in words of a token or two each. */
export interface Job {
  readonly promptWords: number;
  readonly tokens: number;
}

export const BACKGROUND: Job = { promptWords: 800, tokens: 300 };
export const FOREGROUND: Job = { promptWords: 200, tokens: 60 };

/** Engines and clients where stepping aside means to begin anew. */
export const RESTARTING: readonly { readonly engine: "mlx-lm" | "lm-studio"; readonly streamed: boolean }[] = [
  { engine: "mlx-lm", streamed: true },
  { engine: "lm-studio", streamed: false },
];

/** Somebody of the background always waits. */
export const BACKGROUND_CLIENTS = 2;
export const SEED = 20_261_125;
