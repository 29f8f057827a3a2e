import type { Answer, Piece } from "./answer.ts";
import { NO_ECHO } from "./ask.ts";
import type { GenerateTask, Wire } from "./call.ts";
import { Composer } from "./composer.ts";
import type { Delivery } from "./delivery.ts";
import { breakOff, type BreakingFault, isBreaking } from "./break-off.ts";
import type { Fault } from "./faults.ts";
import type { Host } from "./host.ts";
import type { Output } from "./output.ts";
import type { Served } from "./served.ts";
import { openModel } from "./text/model.ts";
import { countTokens } from "./text/tokens.ts";
import { wishOf } from "./wish.ts";

const JSON_TYPE = "application/json";

/** An answer of the model's, token by token: in frames as they come, or whole at the end. */
export class Generating implements Output {
  readonly streaming: boolean;
  readonly decodes = true;
  broken = false;
  readonly #host: Host;
  readonly #task: GenerateTask;
  readonly #served: Served;
  readonly #delivery: Delivery;
  readonly #answer: Answer;
  readonly #composer: Composer;
  readonly #wire: Wire;
  readonly #fault: Fault | undefined;
  #startedAt = 0;
  #decodingAt = 0;

  constructor(host: Host, task: GenerateTask, parts: { served: Served; delivery: Delivery; fault: Fault | undefined }) {
    this.#host = host;
    this.#task = task;
    this.#served = parts.served;
    this.#delivery = parts.delivery;
    this.#fault = parts.fault;
    this.streaming = task.ask.stream;
    this.#answer = newAnswer(task, this.#served.id);
    this.#composer = composerOf(task, this.#answer, host);
    this.#wire = task.wire(this.#answer);
    this.#served.prompt = task.prompts.map(({ text }) => text).join("\n");
    this.#served.promptTokens = this.#answer.promptTokens;
  }

  get text(): string {
    return this.#served.prompt + this.#served.text;
  }

  arrived(): void {
    const { manners } = this.#host;
    if (this.streaming ? manners.streamHead === "arrival" : manners.wholeHead === "arrival") this.#head();
  }

  seated(slot: number): number {
    const { cache, manners, shop } = this.#host;
    this.#startedAt = shop.clock.now();
    const tokens = this.#answer.promptTokens;
    const cached = this.#usesCache ? cache.known(slot, this.#served.prompt, tokens) : 0;
    this.#answer.cachedTokens = cached;
    this.#served.cachedTokens = cached;
    if (this.streaming && manners.streamHead === "slot") this.#head();
    this.#progress(0);
    return tokens - cached;
  }

  prefilled(done: number): boolean {
    return this.#progress(done);
  }

  decoding(): void {
    this.#decodingAt = this.#host.shop.clock.now();
    this.#answer.promptMs = this.#decodingAt - this.#startedAt;
  }

  token(): { more: boolean; wrote: boolean } {
    if (this.#breaks()) return { more: false, wrote: true };
    const first = this.#answer.completionTokens === 0;
    const piece = this.#composer.step();
    this.#answer.predictedMs = this.#host.shop.clock.now() - this.#decodingAt;
    this.#served.tokens = this.#answer.completionTokens;
    this.#served.text += piece.token ?? "";
    const frames = this.streaming ? this.#frames(piece, first) : "";
    if (frames !== "") {
      this.#head();
      this.#delivery.write(frames);
    }
    return { more: !this.#composer.over, wrote: frames !== "" };
  }

  stalls(): boolean {
    if (this.#fault?.kind === "stall") return this.#answer.completionTokens >= this.#fault.afterTokens;
    return this.#fault?.kind === "hang-after-abort" && this.#delivery.gone;
  }

  finish(): void {
    if (this.broken) return;
    if (this.streaming) {
      this.#head();
      this.#delivery.end(this.#wire.closing());
      return;
    }
    this.#delivery.whole(JSON_TYPE, JSON.stringify(this.#wire.whole()));
  }

  cancelled(): void {
    this.#fail("The request was cancelled");
  }

  /** llama-server's requests may do without. */
  get #usesCache(): boolean {
    return this.#task.ask.body["cache_prompt"] !== false;
  }

  #frames(piece: Piece, first: boolean): string {
    const frames = this.#wire.piece(piece);
    return first ? this.#wire.opening() + frames : frames;
  }

  #head(): void {
    const { manners, view } = this.#host;
    if (this.#served.status !== undefined) return;
    this.#delivery.head(this.streaming ? this.#wire.contentType : JSON_TYPE);
    const heartbeat = manners.heartbeat(this.#task.ask, view);
    if (heartbeat !== undefined) this.#delivery.beat(heartbeat);
  }

  #progress(done: number): boolean {
    if (!this.streaming || this.#wire.progress === undefined) return false;
    const { promptTokens: total, cachedTokens: cached } = this.#answer;
    const timeMs = this.#host.shop.clock.now() - this.#startedAt;
    const frames = this.#wire.progress({ total, cached, processed: cached + done, timeMs });
    if (frames === "") return false;
    this.#head();
    this.#delivery.write(frames);
    return true;
  }

  /** True if it is time for a fault that ends the answer. */
  #breaks(): boolean {
    const fault = this.#fault;
    if (fault === undefined || !isBreaking(fault) || this.#answer.completionTokens < fault.afterTokens) return false;
    this.broken = true;
    this.#breakOff(fault);
    return true;
  }

  #breakOff(fault: BreakingFault): void {
    if (this.streaming) this.#head();
    if (fault.kind === "error-inside") {
      this.#fail(fault.message ?? "the model failed");
      return;
    }
    breakOff(fault, this.#delivery, this.streaming ? undefined : () => JSON.stringify(this.#wire.whole()));
  }

  #fail(message: string): void {
    this.broken = true;
    const broken = this.#host.manners.broken(this.#task.ask, message);
    if (broken === undefined) {
      this.#delivery.cut();
      return;
    }
    if (!this.streaming) {
      this.#delivery.whole(JSON_TYPE, broken);
      return;
    }
    this.#head();
    this.#delivery.end(broken);
  }
}

function newAnswer(task: GenerateTask, serial: number): Answer {
  return {
    serial,
    model: task.model,
    created: Math.floor(Date.now() / 1000),
    choices: [],
    promptTokens: task.prompts.reduce((sum, { text }) => sum + countTokens(text), 0),
    cachedTokens: 0,
    completionTokens: 0,
    promptMs: 0,
    predictedMs: 0,
  };
}

/** `n` answers to each prompt. */
function composerOf({ ask, prompts }: GenerateTask, answer: Answer, { view, manners }: Host): Composer {
  const wish = wishOf(ask, view.options, manners);
  const variants = Array.from({ length: ask.n }, (_, variant) => variant);
  const room = Math.max(0, view.options.contextTokens - answer.promptTokens);
  return new Composer(answer, {
    sources: prompts.flatMap(({ text }) => variants.map((variant) => openModel(text, wish, variant))),
    echo: prompts[0]?.echo ?? NO_ECHO,
    stop: ask.stop,
    maxTokens: Math.min(ask.maxTokens, room),
    label: manners.label,
  });
}
