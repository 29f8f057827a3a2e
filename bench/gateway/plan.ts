/** How much is measured. Times in milliseconds. */
export interface Effort {
  /** Requests to each contender before anything is timed: what runs a thousand times is compiled by then. */
  readonly warmUp: number;
  readonly latency: { readonly rounds: number; readonly requests: number };
  readonly saturation: { readonly rounds: number; readonly forMs: number; readonly connections: number };
  readonly stream: {
    readonly rounds: number;
    readonly streams: number;
    readonly frames: number;
    readonly intervalMs: number;
  };
  readonly idle: {
    readonly rounds: number;
    readonly jobs: number;
    readonly serviceMs: number;
    readonly clients: number;
  };
  readonly foreground: {
    /** Foreground arrivals a second. */
    readonly rates: readonly number[];
    readonly forMs: number;
    readonly serviceMs: number;
    readonly backgroundMs: number;
    readonly backgroundClients: number;
  };
  readonly memory: { readonly waiters: readonly number[]; readonly streams: number };
}

const LOAD = {
  rates: [8, 20],
  serviceMs: 20,
  backgroundMs: 60,
  backgroundClients: 16,
} as const;

export const FULL: Effort = {
  warmUp: 4000,
  latency: { rounds: 12, requests: 1500 },
  saturation: { rounds: 6, forMs: 1500, connections: 64 },
  stream: { rounds: 5, streams: 64, frames: 100, intervalMs: 20 },
  idle: { rounds: 4, jobs: 400, serviceMs: 4, clients: 16 },
  foreground: { ...LOAD, forMs: 55_000 },
  memory: { waiters: [1000, 10_000], streams: 1000 },
};

export const QUICK: Effort = {
  warmUp: 300,
  latency: { rounds: 2, requests: 300 },
  saturation: { rounds: 1, forMs: 500, connections: 64 },
  stream: { rounds: 1, streams: 64, frames: 30, intervalMs: 20 },
  idle: { rounds: 1, jobs: 100, serviceMs: 4, clients: 16 },
  foreground: { ...LOAD, forMs: 4000 },
  memory: { waiters: [1000], streams: 200 },
};
