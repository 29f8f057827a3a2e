import type { RequestStatus, Status } from "../../src/gateway/control/status-view.ts";
import { startGateway, type GatewayOptions, type GatewayUnderTest, type Json } from "../support/gateway.ts";

export const CHAT = "/v1/chat/completions";
export const ADMIN = { authorization: "Bearer admin-secret" };
export const ALICE = { authorization: "Bearer alice-secret" };
export const BOB = { authorization: "Bearer bob-secret" };
/** An operator and two users. */
export const KEYS: Json = {
  keys: [
    { name: "admin", key: "admin-secret", role: "admin" },
    { name: "alice", key: "alice-secret" },
    { name: "bob", key: "bob-secret" },
  ],
};

/** One gateway whose only slot is taken, for as long as the scene lasts. */
export class Scene implements AsyncDisposable {
  readonly it: GatewayUnderTest;
  readonly #answers: Promise<Response>[] = [];

  private constructor(it: GatewayUnderTest) {
    this.it = it;
  }

  static async begin(options: GatewayOptions = {}): Promise<Scene> {
    const it = await startGateway(options);
    if (options.server !== null) it.server.pauseTokens();
    return new Scene(it);
  }

  /** Sends a request that takes the slot, and resolves when it has it. */
  async run(path: string = CHAT, headers: Record<string, string> = {}): Promise<void> {
    void this.send(path, headers);
    await this.it.until(() => this.it.gate.held === 1);
  }

  /** Sends a request that must wait, and resolves when it does. */
  async wait(path: string = CHAT, headers: Record<string, string> = {}): Promise<void> {
    const { waiting } = this.it.gate;
    void this.send(path, headers);
    await this.it.waiting(waiting + 1);
  }

  send(path: string, headers: Record<string, string>): Promise<Response> {
    const body = { model: "small", messages: [{ role: "user", content: "hello" }], max_tokens: 3 };
    const answer = this.it.post(path, body, { headers });
    this.#answers.push(answer);
    return answer;
  }

  async status(headers: Record<string, string> = {}): Promise<Status> {
    return (await (await this.it.get("/headgate/status", headers)).json()) as Status;
  }

  /** Lets the model go on, until every request was answered. Returns the answers' status codes. */
  async finish(): Promise<readonly number[]> {
    this.it.server.resumeTokens();
    const codes: number[] = [];
    for (const answer of this.#answers.splice(0)) {
      const response = await answer;
      await response.text();
      codes.push(response.status);
    }
    return codes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.it.endsAbruptly) await this.finish();
    await Promise.allSettled(this.#answers);
    await this.it[Symbol.asyncDispose]();
  }
}

export function waitingOf(status: Status): readonly RequestStatus[] {
  return status.requests.filter(({ state }) => state === "waiting");
}
