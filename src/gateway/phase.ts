/**
 * What goes on with a request from one moment to the next: it waits, its model server has it and has said nothing of the answer, its
 * answer comes, it stepped aside. A permit over HTTP waits, is held, or is parked.
 */
export type Phase = "waiting" | "sent" | "answering" | "held" | "parked";

/** A phase and when it began, by the gate's clock. */
export type PhaseStart = readonly [phase: Phase, at: number];
