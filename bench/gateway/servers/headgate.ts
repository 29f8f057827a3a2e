/**
 * Headgate as `headgate serve` starts it: default configuration, metrics, one JSON line in the log for each request (into
 * nothing: the parent throws standard output away).
 */
import { parseConfig } from "../../../src/gateway/config/load-config.ts";
import { Gateway } from "../../../src/gateway/gateway.ts";
import { createLog } from "../../../src/gateway/log.ts";
import { memoryNow, type ChildServer, type Memory, type StartOptions } from "./child-server.ts";

/** What can be asked of it. */
export interface HeadgateQuestions {
  memory: Memory;
  /** Requests in line. */
  waiting: number;
  /** The most memory that the process has had, in bytes. */
  peak: number;
}

export async function start({ capacity, data, upstreamPort, preempt = false }: StartOptions): Promise<ChildServer> {
  const config = parseConfig({ listen: [{ port: 0 }], log: { form: "json" }, preempt: { enabled: preempt }, data });
  const gateway = new Gateway({ config, log: createLog(config.log) });
  await gateway.addUpstream({ url: `http://127.0.0.1:${upstreamPort}`, capacity, models: { alias: {} } });
  const [address] = await gateway.listen();
  const questions: { [Name in keyof HeadgateQuestions]: () => HeadgateQuestions[Name] } = {
    memory: memoryNow,
    peak: () => process.resourceUsage().maxRSS * 1024,
    waiting: () => gateway.gates.all.reduce((sum, { gate }) => sum + gate.waiting, 0),
  };
  return { port: address!.port, answer: (question) => questions[question as keyof HeadgateQuestions]() };
}
