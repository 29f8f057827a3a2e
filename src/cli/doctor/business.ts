import type { Engine, EngineName, Probe } from "../../engines/engine.ts";
import { membersOf } from "../../engines/fingerprint.ts";

/** Gauges of requests that run or wait, by vLLM's and SGLang's names. */
const GAUGES =
  /^(?:vllm:num_requests_(?:running|waiting)|sglang:num_(?:running|queue)_reqs)(?:\{[^}]*\})?\s+([\d.e+]+)/gm;

type Count = (probe: Probe) => Promise<number | undefined>;

/** Those that tell how many requests they have. */
const TELLS: Partial<Readonly<Record<EngineName, Count>>> = {
  "llama-server": busySlots,
  "vllm-mlx": async (probe) => sum(membersOf(await probe.get("/v1/status")), "num_running", "num_waiting"),
  omlx: async (probe) => sum(membersOf(await probe.get("/api/status")), "active_requests", "waiting_requests"),
  vllm: gauged,
  sglang: gauged,
};

/**
 * How many requests a server has to do with; `undefined` where it does not tell. To be asked once: llama-server puts off its
 * cancellations whenever it answers here.
 */
export async function businessOf({ name }: Engine, probe: Probe): Promise<number | undefined> {
  return TELLS[name]?.(probe);
}

async function busySlots(probe: Probe): Promise<number | undefined> {
  const slots = (await probe.get("/slots"))?.json;
  return Array.isArray(slots) ? slots.filter(isProcessing).length : undefined;
}

function isProcessing(slot: unknown): boolean {
  return (slot as { readonly is_processing?: unknown } | null)?.is_processing === true;
}

async function gauged(probe: Probe): Promise<number | undefined> {
  const gauges = [...((await probe.get("/metrics"))?.text ?? "").matchAll(GAUGES)];
  return gauges.length === 0 ? undefined : gauges.reduce((total, [, value]) => total + Number(value), 0);
}

function sum(status: Readonly<Record<string, unknown>>, running: string, waiting: string): number | undefined {
  const { [running]: runs, [waiting]: waits } = status;
  return typeof runs === "number" && typeof waits === "number" ? runs + waits : undefined;
}
