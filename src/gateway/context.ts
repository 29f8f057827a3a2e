import type { Logger } from "pino";
import type { Clock } from "../gate/index.ts";
import type { BodyBudget } from "./body-budget.ts";
import type { GatewayConfig } from "./config/types.ts";
import type { HeldPermits } from "./held-permits.ts";
import type { Hosts } from "./hosts.ts";
import type { Keys } from "./keys.ts";
import type { RequestLog } from "./request-log.ts";
import type { Retries } from "./retries.ts";
import type { Upstreams } from "./upstreams.ts";

/** What the parts of one gateway share. A reload replaces `config`, `keys` and `hosts`; everything else lives as long as it. */
export interface GatewayContext {
  config: GatewayConfig;
  keys: Keys;
  hosts: Hosts;
  readonly upstreams: Upstreams;
  readonly bodies: BodyBudget;
  readonly requests: RequestLog;
  readonly heldPermits: HeldPermits;
  readonly retries: Retries;
  readonly clock: Clock;
  readonly log: Logger;
  /** Tells this process from every other: requests that come back to it are a loop. */
  readonly instance: string;
}
