import { setTimeout as pause } from "node:timers/promises";
import { parseConfig } from "../src/gateway/config/load-config.ts";
import { Gateway } from "../src/gateway/gateway.ts";
import { createLog } from "../src/gateway/log.ts";
import { startModelServer, type ModelServer } from "../src/testing/index.ts";

const SLOTS = 2;
const TIMING = { prefillMsPerToken: 8, decodeMsPerToken: 22 };
/** Who may what. */
export const KEYS = {
  admin: "admin-secret",
  chat: "chat-secret",
  agent: "agent-secret",
  pipeline: "pipeline-secret",
} as const;

interface Habit {
  readonly as: keyof typeof KEYS;
  readonly path: string;
  readonly tokens: number;
  readonly words: number;
  /** Between an answer and the next request of the same. */
  readonly restMs: number;
  readonly several: number;
}

/** People who ask now and then, an agent, and a pipeline that never stops. */
const HABITS: readonly Habit[] = [
  { as: "chat", path: "/foreground", tokens: 70, words: 30, restMs: 4_500, several: 2 },
  { as: "agent", path: "/priority/50", tokens: 120, words: 120, restMs: 6_000, several: 1 },
  { as: "pipeline", path: "/background", tokens: 130, words: 90, restMs: 0, several: 34 },
];

/** A gateway on a simulated model server, and those who use it. */
export class MixedLoad {
  readonly url: string;
  readonly #gateway: Gateway;
  readonly #server: ModelServer;
  readonly #over = new AbortController();
  readonly #users: Promise<void>[] = [];

  private constructor(gateway: Gateway, server: ModelServer, port: number) {
    this.#gateway = gateway;
    this.#server = server;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(): Promise<MixedLoad> {
    const server = await startModelServer({
      engine: "llama-server",
      slots: SLOTS,
      timing: TIMING,
      models: ["qwen3-8b"],
      answer: { tokens: [40, 160] },
    });
    const config = parseConfig({
      listen: [{ port: 0 }],
      preempt: { enabled: true },
      queue: { beside: "share", starvationWarnMs: 60_000 },
      keys: Object.entries(KEYS).map(([name, key]) => ({ name, key, role: name === "admin" ? "admin" : "user" })),
      log: { level: "silent" },
    });
    const gateway = new Gateway({ config, log: createLog(config.log) });
    await gateway.addUpstream({ url: server.url, name: "workstation", models: { alias: {} } });
    const [address] = await gateway.listen();
    return new MixedLoad(gateway, server, address!.port);
  }

  begin(): void {
    for (const habit of HABITS) {
      for (let user = 0; user < habit.several; user++) this.#users.push(this.#use(habit, user));
    }
  }

  /** The model server goes, as it does when its machine has too little memory. */
  fail(): void {
    void this.#server.goDown();
  }

  async end(): Promise<void> {
    this.#over.abort();
    await Promise.allSettled(this.#users);
    await this.#gateway.close();
    await this.#server.close();
  }

  async #use(habit: Habit, user: number): Promise<void> {
    const { signal } = this.#over;
    await pause(user * 130, undefined, { signal });
    for (let turn = 0; !signal.aborted; turn++) {
      await this.#ask(habit, `${habit.as} ${user} ${turn}`).catch(() => {});
      await pause(habit.restMs * (0.6 + Math.random()), undefined, { signal });
    }
  }

  async #ask({ path, tokens, words, as }: Habit, about: string): Promise<void> {
    const answer = await fetch(`${this.url}${path}/v1/chat/completions`, {
      method: "POST",
      signal: this.#over.signal,
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${KEYS[as]}` },
      body: JSON.stringify({
        model: "qwen3-8b",
        stream: true,
        max_tokens: Math.round(tokens * (0.5 + Math.random())),
        messages: [{ role: "user", content: `${about} ${"water ".repeat(words)}` }],
      }),
    });
    await answer.text();
  }
}
