/** How much is measured. Times in milliseconds. */
export interface Effort {
  readonly quick: boolean;
  readonly rate: {
    readonly rounds: number;
    readonly lines: number;
    /** Slots of the model server, and commits of the store that are under way at once. */
    readonly atOnce: readonly number[];
  };
  readonly ingest: { readonly lines: number; readonly lineBytes: number };
  readonly gap: { readonly lines: number; readonly serviceMs: number };
  readonly people: {
    readonly perSecond: number;
    readonly forMs: number;
    readonly serviceMs: number;
    readonly backgroundMs: number;
    readonly backgroundClients: number;
  };
}

const PEOPLE = { perSecond: 8, serviceMs: 20, backgroundMs: 60, backgroundClients: 16 } as const;

export const FULL: Effort = {
  quick: false,
  rate: { rounds: 3, lines: 3000, atOnce: [1, 8] },
  // What the API takes at most: 50 000 lines, 200 MB.
  ingest: { lines: 50_000, lineBytes: 4000 },
  gap: { lines: 500, serviceMs: 5 },
  people: { ...PEOPLE, forMs: 60_000 },
};

export const QUICK: Effort = {
  quick: true,
  rate: { rounds: 1, lines: 300, atOnce: [1, 8] },
  ingest: { lines: 2000, lineBytes: 400 },
  gap: { lines: 60, serviceMs: 5 },
  people: { ...PEOPLE, forMs: 4000 },
};
