import type { Child } from "./child-process.ts";
import type { HeadgateQuestions } from "./servers/headgate.ts";
import type { StartOptions } from "./servers/child-server.ts";

/** A way from a client to the model server. */
export interface Contender {
  readonly id: string;
  /** `direct` is no rival but the zero of the scale; against `bare` and `peer` it is measured. */
  readonly role: "direct" | "bare" | "peer" | "ours";
  /** Claims to let at most `capacity` requests through, the foreground first. */
  readonly priorities: boolean;
  /** Why it cannot take part on this machine. */
  missing(): string | undefined;
  start(options: StartOptions): Promise<Running>;
}

/** A contender at work. */
export interface Running {
  readonly port: number;
  /** `undefined` where there is no process between. */
  readonly pid: number | undefined;
  /** Set for Headgate: it tells about itself. */
  readonly child?: Child<HeadgateQuestions>;
  close(): Promise<void>;
}
