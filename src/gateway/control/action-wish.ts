import * as z from "zod";
import { wishedPriority } from "./permit-wish.ts";

/** More slots than any server has; a number beyond is a slip. */
const MAX_CAPACITY = 100_000;
const CAPACITY = `a whole number from 0 to ${MAX_CAPACITY}, or null for what the server tells`;
const GATE = "the name of a gate";

/** The body of an action that takes none. */
export const nothing: z.ZodType<Record<string, never>> = z.strictObject({});

/** The body of `POST /headgate/capacity`. */
export interface CapacityWish {
  readonly gate?: string | undefined;
  /** `null`: what the servers tell. */
  readonly capacity: number | null;
}

export const capacityWish: z.ZodType<CapacityWish> = z.strictObject({
  gate: z.string(GATE).min(1, GATE).optional(),
  capacity: z.int(CAPACITY).min(0, CAPACITY).max(MAX_CAPACITY, CAPACITY).nullable(),
});

/** The body of `POST /headgate/waiters/{id}/priority`. */
export interface PriorityWish {
  readonly priority: number;
}

export const priorityWish: z.ZodType<PriorityWish> = z.strictObject({ priority: wishedPriority });
