import type { IncomingMessage, ServerResponse } from "node:http";
import { type Call, type Outgoing, parseBody, Refusal, type Task } from "./call.ts";
import { Computing } from "./computing.ts";
import { Delivery } from "./delivery.ts";
import { Exchange } from "./exchange.ts";
import type { Fault } from "./faults.ts";
import { Generating } from "./generating.ts";
import type { Host } from "./host.ts";
import { ClosingReply, HttpReply, type Reply } from "./reply.ts";
import { Router } from "./router.ts";
import { newRecord, type Outcome, type Served } from "./served.ts";

/** A request that has been read, and the way to answer it. */
interface Visit {
  readonly call: Call;
  readonly served: Served;
  readonly reply: Reply;
}

/** Takes requests in: reads them, keeps their record, finds their route, and answers them or sends them into the engine. */
export class Reception {
  readonly #host: Host;
  readonly #router: Router;
  readonly #exchanges = new Map<number, Exchange>();
  /** Answers that are put off; each function calls one off. */
  readonly #putOff = new Set<() => void>();
  #requests = 0;

  constructor(host: Host) {
    this.#host = host;
    this.#router = new Router(host.manners.routes);
  }

  /** Requests in the engine, queued or in a slot. */
  get exchanges(): readonly Exchange[] {
    return [...this.#exchanges.values()];
  }

  receive(request: IncomingMessage, response: ServerResponse): void {
    const { method = "", url = "", rawHeaders } = request;
    const { manners, stages } = this.#host;
    const served = newRecord({ id: (this.#requests += 1), method, url, rawHeaders });
    stages.add(served);
    const reply = manners.closes ? new ClosingReply(request) : new HttpReply(request, response);
    response.on("close", () => this.#gone(served, response));
    // A client that is gone is seen by the event above.
    request.on("error", () => {});
    response.on("error", () => {});
    const turnedAway = manners.screenHead(served);
    if (turnedAway !== undefined) {
      this.#answer({ served, reply }, turnedAway);
      request.resume();
      return;
    }
    const call = this.#call(served);
    this.#read(request, served, this.#router.find(method, call.path)?.upload === true);
    request.on("end", () => {
      stages.reach(served, "received");
      this.#visit({ served, reply, call });
    });
  }

  /** Drops everybody, as when the process dies. */
  kill(): void {
    for (const callOff of this.#putOff) callOff();
    this.#putOff.clear();
    // The line first: a slot that becomes free must not be given to it.
    const inOrder = this.exchanges.toSorted(
      (a, b) => Number(a.served.slot !== undefined) - Number(b.served.slot !== undefined),
    );
    for (const exchange of inOrder) exchange.kill();
  }

  #read(request: IncomingMessage, served: Served, upload: boolean): void {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => {
      served.bodyBytes += chunk.byteLength;
      if (!upload) chunks.push(chunk);
    });
    request.on("end", () => {
      served.body = Buffer.concat(chunks);
    });
  }

  #call(served: Served): Call {
    const { method, url } = served;
    const end = url.includes("?") ? url.indexOf("?") : url.length;
    const query = new URLSearchParams(url.slice(end));
    return {
      method,
      path: url.slice(0, end),
      query,
      served,
      server: this.#host.view,
      json: () => parseBody(served.body),
    };
  }

  #visit(visit: Visit): void {
    const { served } = visit;
    const decision = this.#decide(visit.call);
    const task = decision !== undefined && "kind" in decision ? decision : undefined;
    if (task !== undefined) {
      served.isWork = true;
      if (task.kind === "generate") describe(served, task.ask);
      this.#host.ledger.arrive(served);
    }
    const fault = this.#host.faults.take(served);
    const go = (): void => {
      // Who waited for slow headers may have gone.
      if (served.outcome === "open") this.#act(visit, decision, fault);
    };
    if (fault?.kind === "slow-headers") this.#later(fault.afterMs, go);
    else if (fault === undefined || !this.#spoil(visit, fault)) go();
  }

  /** What the engine makes of it; undefined where it closes the connection without a word. */
  #decide(call: Call): Outgoing | Task | undefined {
    const { manners, view } = this.#host;
    try {
      const screened = manners.screen(call);
      if (screened !== undefined) return screened;
      const route = this.#router.find(call.method, call.path);
      if (route === undefined) return manners.unknown(call);
      const decision = route.handle(call);
      const full = "kind" in decision ? manners.admit(view) : undefined;
      if (full === undefined) return decision;
      // It wanted a slot all the same, which is what is counted.
      this.#host.ledger.arrive(call.served);
      throw full;
    } catch (error) {
      const refusal = error instanceof Refusal ? error : new Refusal(500, String(error), { type: "server_error" });
      return manners.refuse(refusal, call);
    }
  }

  #act(visit: Visit, decision: Outgoing | Task | undefined, fault: Fault | undefined): void {
    const { served, reply } = visit;
    if (decision === undefined) {
      reply.cut();
      this.#over(served, "refused");
    } else if ("kind" in decision) {
      this.#admit(visit, decision, fault);
    } else {
      this.#answer(visit, decision);
    }
  }

  #admit({ served, reply }: Visit, task: Task, fault: Fault | undefined): void {
    const { clock } = this.#host.shop;
    const delivery = new Delivery(reply, { served, clock, headers: this.#host.manners.headers });
    const generates = task.kind === "generate";
    const output = generates
      ? new Generating(this.#host, task, { served, delivery, fault })
      : new Computing(task, served, {
          send: () => this.#send(served, reply, task.answer()),
          cut: () => reply.cut(),
        });
    const exchange = new Exchange(this.#host, served, output, {
      order: generates ? task.order : 0,
      name: generates ? task.name : undefined,
      ask: generates ? task.ask : undefined,
      modelKey: generates ? task.modelKey : undefined,
      deaf: fault?.kind === "hang-after-abort",
      cut: () => delivery.cut(),
      lose: () => delivery.lose(),
      writable: (go) => delivery.writable(go),
      over: () => this.#exchanges.delete(served.id),
    });
    this.#exchanges.set(served.id, exchange);
    exchange.enter();
  }

  #answer({ served, reply }: Pick<Visit, "served" | "reply">, outgoing: Outgoing): void {
    this.#send(served, reply, outgoing);
    this.#over(served, (outgoing.status ?? 200) < 400 ? "answered" : "refused");
  }

  #send(served: Served, reply: Reply, { status = 200, headers = {}, body }: Outgoing): void {
    const raw = typeof body === "string" || Buffer.isBuffer(body);
    served.status = status;
    const type = raw ? "text/plain; charset=utf-8" : "application/json";
    reply.answer(
      status,
      { "Content-Type": type, ...this.#host.manners.headers, ...headers },
      raw ? body : JSON.stringify(body),
    );
  }

  /** True for a fault that takes the place of the answer. */
  #spoil(visit: Visit, fault: Fault): boolean {
    if (fault.kind === "silent") return true;
    if (fault.kind === "close") visit.reply.cut();
    else if (fault.kind === "garbage") visit.reply.raw("\u0000\u0001 not HTTP at all\r\n\r\n");
    else if (fault.kind === "status") this.#sendFault(visit, fault);
    else return false;
    this.#over(visit.served, "broken");
    return true;
  }

  #sendFault({ served, reply, call }: Visit, { status, body, headers }: Fault & { readonly kind: "status" }): void {
    const own = this.#host.manners.refuse(new Refusal(status, `simulated failure ${status}`), call);
    this.#send(served, reply, { status, body: body ?? own?.body ?? "", headers: { ...own?.headers, ...headers } });
  }

  #later(ms: number, go: () => void): void {
    const callOff = this.#host.shop.clock.after(
      ms,
      () => {
        this.#putOff.delete(callOff);
        go();
      },
      true,
    );
    this.#putOff.add(callOff);
  }

  #gone(served: Served, response: ServerResponse): void {
    const exchange = this.#exchanges.get(served.id);
    if (exchange !== undefined && !response.writableFinished) {
      exchange.clientGone();
      return;
    }
    if (served.outcome !== "open") return;
    this.#host.stages.reach(served, "hung-up");
    this.#over(served, served.phase === "receiving" && served.at.received === undefined ? "incomplete" : "aborted");
  }

  #over(served: Served, outcome: Outcome): void {
    served.phase = "over";
    served.outcome = outcome;
    this.#host.ledger.leave(served);
    this.#host.stages.reach(served, "ended");
  }
}

function describe(
  served: Served,
  ask: { readonly dialect: Served["dialect"]; readonly model: string; readonly stream: boolean },
): void {
  served.dialect = ask.dialect;
  served.model = ask.model;
  served.streaming = ask.stream;
}
