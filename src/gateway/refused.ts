import type { WireError } from "../protocol/error-envelope.ts";
import type { Outcome } from "./request-record.ts";

/** An error with how the request is to be counted. */
export interface Refusal {
  readonly outcome: Outcome;
  readonly error: WireError;
}

/** A request that the gateway itself turns away, with what its client is told. */
export class Refused extends Error implements Refusal {
  readonly outcome: Outcome;
  readonly error: WireError;

  constructor(outcome: Outcome, error: WireError) {
    super(error.message);
    this.name = "Refused";
    this.outcome = outcome;
    this.error = error;
  }
}
