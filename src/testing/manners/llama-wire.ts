import { idOf, type Answer, type Piece } from "../answer.ts";
import type { Ask } from "../ask.ts";
import type { Progress, Wire } from "../call.ts";
import type { Json } from "../fields.ts";
import { splitTokens, tokenId } from "../text/tokens.ts";
import { PLAIN_MESSAGES, type MessagesFlavour } from "../wire/anthropic-messages.ts";
import { dataFrame, SSE } from "../wire/frames.ts";
import { PLAIN_CHAT, wholeCall, type ChatFlavour } from "../wire/openai-chat.ts";
import { PLAIN_COMPLETION, type CompletionFlavour } from "../wire/openai-completions.ts";
import { PLAIN_RESPONSES, type ResponsesFlavour } from "../wire/openai-responses.ts";
import { detailedUsage } from "../wire/usage.ts";

export const BUILD_INFO = "b9999-simulated";

/** What llama-server (v0.5) puts on the wire; the forms are those of its `server-task.cpp`. */
const envelope = (answer: Answer, object: string): Json => ({
  created: answer.created,
  id: `chatcmpl-${idOf(answer.serial, 32)}`,
  model: answer.model,
  system_fingerprint: BUILD_INFO,
  object,
});

function timings(answer: Answer): Json {
  const read = answer.promptTokens - answer.cachedTokens;
  const { completionTokens: written, promptMs, predictedMs } = answer;
  return {
    cache_n: answer.cachedTokens,
    prompt_n: read,
    prompt_ms: promptMs,
    prompt_per_token_ms: promptMs / read,
    prompt_per_second: promptMs === 0 ? 0 : (read / promptMs) * 1000,
    predicted_n: written,
    predicted_ms: predictedMs,
    predicted_per_token_ms: written === 0 ? 0 : predictedMs / written,
    predicted_per_second: predictedMs === 0 ? 0 : (written / predictedMs) * 1000,
  };
}

function perToken(answer: Answer, ask: Ask): Json {
  return ask.body["timings_per_token"] === true ? { timings: timings(answer) } : {};
}

export const LLAMA_CHAT: ChatFlavour = {
  ...PLAIN_CHAT,
  envelope,
  opening: { role: "assistant", content: null },
  usage: detailedUsage,
  eachChunk: (answer, ask, kind) => (kind === "piece" ? perToken(answer, ask) : {}),
  lastChunk: (answer) => ({ timings: timings(answer) }),
  message: ({ content, reasoning, toolCalls }) => ({
    role: "assistant",
    content,
    ...(reasoning === "" ? {} : { reasoning_content: reasoning }),
    ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls.map(wholeCall) }),
  }),
  wholeAnswer: (answer) => ({ timings: timings(answer) }),
};

export const LLAMA_COMPLETION: CompletionFlavour = {
  ...PLAIN_COMPLETION,
  envelope: (answer) => envelope(answer, "text_completion"),
  usage: detailedUsage,
  eachChunk: perToken,
  finishChunk: (answer) => ({ usage: detailedUsage(answer), timings: timings(answer) }),
  wholeAnswer: (answer) => ({ timings: timings(answer) }),
};

export const LLAMA_MESSAGES: MessagesFlavour = {
  ...PLAIN_MESSAGES,
  id: ({ serial }) => `chatcmpl-${idOf(serial, 32)}`,
  usage: ({ promptTokens, cachedTokens }) => ({
    cache_read_input_tokens: cachedTokens,
    input_tokens: promptTokens - cachedTokens,
  }),
  ping: false,
  closesBlocks: false,
  tellsStopSequence: false,
  emptyInput: false,
};

export const LLAMA_RESPONSES: ResponsesFlavour = {
  ...PLAIN_RESPONSES,
  form: "terse",
  usage: ({ promptTokens, completionTokens, cachedTokens }) => ({
    input_tokens: promptTokens,
    output_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    input_tokens_details: { cached_tokens: cachedTokens },
  }),
};

/** The frames that tell how far a prompt was read, where a request asks for them. */
export function progressFrame(ask: Ask, answer: Answer, progress: Progress): string {
  const prompt_progress = progressOf(progress);
  switch (ask.dialect) {
    case "openai-chat": {
      const choices = [{ finish_reason: null, index: 0, delta: LLAMA_CHAT.opening }];
      return dataFrame({ choices, ...envelope(answer, "chat.completion.chunk"), prompt_progress });
    }
    case "openai-completions": {
      const choices = [{ text: "", index: 0, logprobs: null, finish_reason: null }];
      return dataFrame({ choices, ...envelope(answer, "text_completion"), prompt_progress });
    }
    case "llama-completion":
      return dataFrame({ ...partial(ask, answer, undefined), prompt_progress });
    case "anthropic-messages":
    case "openai-responses":
    case "ollama-chat":
    case "ollama-generate":
      return "";
  }
}

export function progressOf({ total, cached, processed, timeMs }: Progress): Json {
  return { total, cache: cached, processed, time_ms: timeMs };
}

/** `/completion`, in llama-server's own form. */
export function llamaWire(ask: Ask, answer: Answer, prompt: string): Wire {
  return {
    contentType: SSE,
    opening: () => "",
    piece(piece) {
      const shown = piece.content === "" ? "" : dataFrame({ ...partial(ask, answer, piece), ...perToken(answer, ask) });
      if (piece.finish === undefined) return shown;
      return shown + dataFrame(final(ask, answer, { index: piece.choice, prompt, tokens: [] }));
    },
    closing: () => "",
    whole() {
      const wanted = ask.body["return_tokens"] === true;
      const results = answer.choices.map(({ content }, index) =>
        final(ask, answer, { index, prompt, tokens: wanted ? splitTokens(content).map(tokenId) : [] }),
      );
      return results.length === 1 ? results[0] : results;
    },
  };
}

function partial(ask: Ask, answer: Answer, piece: Piece | undefined): Json {
  const ids = ask.body["return_tokens"] === true && piece?.token !== undefined ? [tokenId(piece.token)] : [];
  return {
    index: piece?.choice ?? 0,
    content: piece?.content ?? "",
    tokens: ids,
    stop: false,
    id_slot: 0,
    tokens_predicted: piece === undefined ? 0 : answer.choices[piece.choice]!.tokens,
    tokens_evaluated: answer.promptTokens,
  };
}

interface Final {
  readonly index: number;
  readonly prompt: string;
  readonly tokens: readonly number[];
}

function final(ask: Ask, answer: Answer, { index, prompt, tokens }: Final): Json {
  const choice = answer.choices[index]!;
  const stopType = choice.finish === "length" ? "limit" : choice.stopWord === undefined ? "eos" : "word";
  return {
    index,
    // A stream has said it all before.
    content: ask.stream ? "" : choice.content,
    tokens,
    id_slot: 0,
    stop: true,
    model: answer.model,
    tokens_predicted: choice.tokens,
    tokens_evaluated: answer.promptTokens,
    generation_settings: settings(ask),
    prompt,
    has_new_line: choice.content.includes("\n"),
    truncated: false,
    stop_type: stopType,
    stopping_word: choice.stopWord ?? "",
    tokens_cached: answer.promptTokens + choice.tokens - 1,
    timings: timings(answer),
  };
}

/** The few that anybody looks at. */
function settings(ask: Ask): Json {
  const limit = ask.maxTokens === Infinity ? -1 : ask.maxTokens;
  return { seed: 4294967295, temperature: 0, stop: ask.stop, max_tokens: limit, n_predict: limit, stream: ask.stream };
}
