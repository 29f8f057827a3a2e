import type { Answer, Choice, Finish, Piece, ToolCall } from "./answer.ts";
import { idOf } from "./answer.ts";
import type { Prompt } from "./ask.ts";
import { StopStrings } from "./text/stop-strings.ts";
import type { Token, TokenSource } from "./text/token-source.ts";

export interface ComposerOptions {
  /** One for each choice. */
  readonly sources: readonly TokenSource[];
  readonly echo: Prompt["echo"];
  readonly stop: readonly string[];
  /** Tokens a choice may have. */
  readonly maxTokens: number;
  /** Exempt from stop strings. */
  readonly label: string;
}

/** Turns a model's tokens into an answer: one choice after the other, with its reasoning, its tool call, its stop and its end. */
export class Composer {
  readonly #answer: Answer;
  readonly #options: ComposerOptions;
  #stops: StopStrings;
  #at = -1;
  #echoed = true;

  constructor(answer: Answer, options: ComposerOptions) {
    this.#answer = answer;
    this.#options = options;
    this.#stops = new StopStrings(options.stop);
    this.#nextChoice();
  }

  /** True when there is nothing more to make. */
  get over(): boolean {
    return this.#at === this.#options.sources.length;
  }

  /** Takes one step of the model: a token, or the end of a choice. Must not be called once over. */
  step(): Piece {
    const choice = this.#choice;
    const token = choice.tokens < this.#options.maxTokens ? this.#options.sources[this.#at]!.next() : undefined;
    const piece = token === undefined ? this.#ended(choice) : this.#added(choice, token);
    if (piece.finish !== undefined) this.#nextChoice();
    return piece;
  }

  get #choice(): Choice {
    return this.#answer.choices[this.#at]!;
  }

  #added(choice: Choice, token: Token): Piece {
    choice.tokens += 1;
    this.#answer.completionTokens += 1;
    if (token.channel === "reasoning") choice.reasoningTokens += 1;
    const shown = this.#show(choice, token);
    const limited = choice.tokens >= this.#options.maxTokens;
    const finish = shown.stopped ? "stop" : limited ? "length" : undefined;
    // Held back for a stop string that does not come any more.
    const rest = finish === "length" ? this.#stops.flush() : "";
    choice.content += rest;
    choice.finish = finish;
    return this.#piece({ ...shown.piece, content: (shown.piece.content ?? "") + rest, token: token.text, finish });
  }

  #show(choice: Choice, { text, channel }: Token): { piece: Partial<Piece>; stopped: boolean } {
    switch (channel) {
      case "markup":
        return { piece: {}, stopped: false };
      case "reasoning":
        choice.reasoning += text;
        return { piece: { reasoning: text }, stopped: false };
      case "tool-name":
        return { piece: { toolCall: this.#call(choice, text), content: this.#flushed(choice) }, stopped: false };
      case "tool-arguments":
        choice.toolCalls.at(-1)!.arguments += text;
        return { piece: { toolArguments: text }, stopped: false };
      case "content": {
        const { text: content, stopped } =
          text === this.#options.label ? { text, stopped: undefined } : this.#stops.push(text);
        choice.content += content;
        choice.stopWord = stopped;
        return { piece: { content }, stopped: stopped !== undefined };
      }
    }
  }

  #call(choice: Choice, name: string): ToolCall {
    const call = { id: idOf(this.#answer.serial * 97 + choice.toolCalls.length, 32), name, arguments: "" };
    choice.toolCalls.push(call);
    return call;
  }

  #ended(choice: Choice): Piece {
    const finish: Finish =
      choice.tokens >= this.#options.maxTokens ? "length" : choice.toolCalls.length > 0 ? "tool_calls" : "stop";
    choice.finish = finish;
    return this.#piece({ content: this.#flushed(choice), finish });
  }

  #flushed(choice: Choice): string {
    const held = this.#stops.flush();
    choice.content += held;
    return held;
  }

  #piece(part: Partial<Piece>): Piece {
    const { reasoning = "", content = "" } = part;
    const echo = this.#echo();
    return {
      choice: this.#at,
      token: part.token,
      reasoning: echo === undefined ? reasoning : echo.reasoning + reasoning,
      content: echo === undefined ? content : echo.content + content,
      toolCall: part.toolCall,
      toolArguments: part.toolArguments ?? "",
      finish: part.finish,
    };
  }

  /** Once a choice: what the client is shown again. */
  #echo(): Prompt["echo"] | undefined {
    if (this.#echoed) return undefined;
    this.#echoed = true;
    return this.#options.echo;
  }

  #nextChoice(): void {
    this.#at += 1;
    if (this.over) return;
    const { echo } = this.#options;
    this.#stops = new StopStrings(this.#options.stop);
    this.#echoed = echo.content === "" && echo.reasoning === "";
    this.#answer.choices.push({
      reasoning: echo.reasoning,
      content: echo.content,
      toolCalls: [],
      finish: undefined,
      stopWord: undefined,
      tokens: 0,
      reasoningTokens: 0,
    });
  }
}
