/** How an exchange turns the work of its slot into an answer. */
export interface Output {
  readonly streaming: boolean;
  /** False for work that is over when its input was read. */
  readonly decodes: boolean;
  /** The request is in the engine, with or without a slot. */
  arrived(): void;
  /** It has a slot. Returns the tokens that must be read, without those in the cache. */
  seated(slot: number): number;
  /** So many of them were read. True if something was written about it. */
  prefilled(done: number): boolean;
  /** The first token is next. */
  decoding(): void;
  /** One step: whether there is another, and whether this one wrote something. */
  token(): { readonly more: boolean; readonly wrote: boolean };
  /** A fault keeps it from going on. */
  stalls(): boolean;
  /** The work is done: the answer goes out. */
  finish(): void;
  /** The engine itself ended the work, its client still there. */
  cancelled(): void;
  /** The work is over, however. What was read and written, for the cache. */
  readonly text: string;
  /** A fault ended the answer. */
  readonly broken: boolean;
}
