import fc from "fast-check";
import type { Hidden } from "../../src/protocol/hide.ts";
import { events, type Json, PROGRESS, TIMINGS, typedEvents, USAGE } from "./streams.ts";

/**
 * llama-server's answers, each as it streams them and as it gives them whole. After tools/server/server-task.cpp
 * (`server_task_result_cmpl_final` and `_partial`) and common/chat.cpp (`common_chat_msg`) of August 2026.
 */
export interface Written {
  /** Each in the pieces in which it was streamed. */
  readonly reasoning: readonly string[];
  readonly content: readonly string[];
  readonly calls: readonly { readonly id: string; readonly name: string; readonly args: readonly string[] }[];
  readonly stop: "eos" | "limit";
}

const piece = fc.constantFrom("a", " b", "é", "😀", '"', "\\n\n", "{}", "\u0000");
const pieces = fc.array(piece, { maxLength: 4 });

export const written: fc.Arbitrary<Written> = fc.record({
  reasoning: pieces,
  content: pieces,
  calls: fc.array(
    fc.record({
      id: fc.constantFrom("x1", "y2", ""),
      name: fc.constantFrom("look", "tell"),
      args: fc.constantFrom([], ["{}"], ['{"a', '":1}']),
    }),
    { maxLength: 2 },
  ),
  stop: fc.constantFrom("eos", "limit"),
});

const HEAD = { created: 1758000001, model: "qwen3-4b", system_fingerprint: "b6500-1a2b3c4d", id: "chatcmpl-7Zk" };

function finishReason({ stop, calls }: Written): string {
  if (stop === "limit") return "length";
  return calls.length === 0 ? "stop" : "tool_calls";
}

/** The deltas, in the order in which the parser finds them. */
function deltas({ reasoning, content, calls }: Written): Json[] {
  return [
    ...reasoning.map((text) => ({ reasoning_content: text })),
    ...content.map((text) => ({ content: text })),
    ...calls.flatMap(({ id, name, args }, index) => [
      { tool_calls: [{ index, ...(id === "" ? {} : { id, type: "function" }), function: { name } }] },
      ...args.map((text) => ({ tool_calls: [{ index, function: { arguments: text } }] })),
    ]),
  ];
}

function message({ reasoning, content, calls }: Written): Json {
  const thought = reasoning.join("");
  return {
    role: "assistant",
    content: content.join(""),
    ...(thought === "" ? {} : { reasoning_content: thought }),
    ...(calls.length === 0 ? {} : { tool_calls: calls.map(call) }),
  };
}

function call({ id, name, args }: Written["calls"][number]): Json {
  return { type: "function", function: { name, arguments: args.join("") }, ...(id === "" ? {} : { id }) };
}

/** What belongs to one choice alone, so that a mix-up shows. */
function countsOf(index: number): { readonly usage: Json; readonly timings: Json } {
  return { usage: { ...USAGE, completion_tokens: 4 + index }, timings: { ...TIMINGS, predicted_n: 4 + index } };
}

/** The chunks of one choice; the time goes on while they come. */
export function chatChunks(answer: Written, index: number, asked: ReadonlySet<Hidden>): Json[] {
  const { usage, timings } = countsOf(index);
  const chunk = (choices: readonly Json[], created = HEAD.created - 1): Json => ({
    choices,
    ...HEAD,
    created,
    object: "chat.completion.chunk",
  });
  const part = (delta: Json): Json => chunk([{ finish_reason: null, index, delta }]);
  const role = part({ role: "assistant", content: null });
  const progress = asked.has("progress") ? [{ ...role, prompt_progress: PROGRESS }] : [];
  const body = deltas(answer).map((delta) => (asked.has("timings") ? { ...part(delta), timings } : part(delta)));
  const end = chunk([{ finish_reason: finishReason(answer), index, delta: {} }], HEAD.created + index);
  const counts = { ...chunk([], HEAD.created + index), usage, timings };
  return [...progress, role, ...body, end, counts];
}

export function chatAnswer(answers: readonly Written[]): Json {
  const choices = answers.map((answer, index) => ({
    finish_reason: finishReason(answer),
    index,
    message: message(answer),
  }));
  return { choices, ...HEAD, object: "chat.completion", ...countsOf(0) };
}

export function completionStream({ content, stop }: Written): Uint8Array {
  const chunk = (text: string, finish: string | null): Json => ({
    choices: [{ text, index: 0, logprobs: null, finish_reason: finish }],
    ...HEAD,
    object: "text_completion",
  });
  const end = { ...chunk("", stop === "eos" ? "stop" : "length"), ...countsOf(0) };
  return events(...content.map((text) => chunk(text, null)), end, "[DONE]");
}

export function completionAnswer({ content, stop }: Written): Json {
  const choice = {
    text: content.join(""),
    index: 0,
    logprobs: null,
    finish_reason: stop === "eos" ? "stop" : "length",
  };
  return { choices: [choice], ...HEAD, object: "text_completion", ...countsOf(0) };
}

function nativeEnd(
  { stop }: Written,
  index: number,
  content: string,
  { streams = false, timesTokens = false } = {},
): Json {
  return {
    index,
    content,
    tokens: [],
    id_slot: 0,
    stop: true,
    model: HEAD.model,
    tokens_predicted: 4,
    tokens_evaluated: 12,
    generation_settings: {
      seed: 4294967295,
      temperature: 0.800000011920929,
      stream: streams,
      timings_per_token: timesTokens,
    },
    prompt: "Once",
    has_new_line: false,
    truncated: false,
    stop_type: stop,
    stopping_word: "",
    tokens_cached: 15,
    timings: TIMINGS,
  };
}

export function nativeChunks(answer: Written, index: number, asked: ReadonlySet<Hidden>): Json[] {
  const part = (content: string): Json => ({
    index,
    content,
    tokens: [7],
    stop: false,
    id_slot: 0,
    tokens_predicted: 1,
  });
  const progress = asked.has("progress") ? [{ ...part(""), prompt_progress: PROGRESS }] : [];
  const end = nativeEnd(answer, index, "", { streams: true, timesTokens: asked.has("timings") });
  return [...progress, ...answer.content.map(part), end];
}

export function nativeAnswer(answers: readonly Written[]): Json | Json[] {
  const ends = answers.map((answer, index) => nativeEnd(answer, index, answer.content.join("")));
  return ends.length === 1 ? ends[0]! : ends;
}

const MESSAGE_USAGE = { cache_read_input_tokens: 9, input_tokens: 3 };

export function messageStream(answer: Written): Uint8Array {
  const { reasoning, content, calls, stop } = answer;
  const values: Json[] = [
    {
      type: "message_start",
      message: {
        id: HEAD.id,
        type: "message",
        role: "assistant",
        content: [],
        model: HEAD.model,
        stop_reason: null,
        stop_sequence: null,
        usage: { ...MESSAGE_USAGE, output_tokens: 0 },
      },
    },
  ];
  let index = 0;
  const stops: Json[] = [];
  const block = (start: Json, parts: readonly Json[], last: readonly Json[] = []): void => {
    const at = index;
    index += 1;
    values.push({ type: "content_block_start", index: at, content_block: start });
    values.push(...parts.map((delta) => ({ type: "content_block_delta", index: at, delta })));
    stops.push(...last.map((delta) => ({ type: "content_block_delta", index: at, delta })));
    stops.push({ type: "content_block_stop", index: at });
  };
  if (reasoning.length > 0) {
    const thoughts = reasoning.map((thinking) => ({ type: "thinking_delta", thinking }));
    block({ type: "thinking", thinking: "" }, thoughts, [{ type: "signature_delta", signature: "" }]);
  }
  if (content.length > 0) {
    block(
      { type: "text", text: "" },
      content.map((text) => ({ type: "text_delta", text })),
    );
  }
  for (const { id, name, args } of calls) {
    block(
      { type: "tool_use", id, name },
      args.map((text) => ({ type: "input_json_delta", partial_json: text })),
    );
  }
  const delta = { stop_reason: stopReason(answer), stop_sequence: null };
  values.push(...stops, { type: "message_delta", delta, usage: { output_tokens: stop === "eos" ? 4 : 5 } });
  return typedEvents(...values, { type: "message_stop" });
}

function stopReason({ stop, calls }: Written): string {
  if (stop === "limit") return "max_tokens";
  return calls.length === 0 ? "end_turn" : "tool_use";
}

export function messageAnswer(answer: Written): Json {
  const { reasoning, content, calls, stop } = answer;
  const blocks: Json[] = [];
  if (reasoning.length > 0) blocks.push({ type: "thinking", thinking: reasoning.join(""), signature: "" });
  if (content.length > 0) blocks.push({ type: "text", text: content.join("") });
  for (const { id, name, args } of calls) {
    blocks.push({ type: "tool_use", id, name, input: args.length === 0 ? {} : (JSON.parse(args.join("")) as unknown) });
  }
  return {
    id: HEAD.id,
    type: "message",
    role: "assistant",
    content: blocks,
    model: HEAD.model,
    stop_reason: stopReason(answer),
    stop_sequence: null,
    usage: { ...MESSAGE_USAGE, output_tokens: stop === "eos" ? 4 : 5 },
  };
}

/** The items of a response's output; in the stream's last event the one for reasoning has no status. */
function outputItems({ reasoning, content, calls }: Written, isWhole: boolean): Json[] {
  const status = isWhole ? { status: "completed" } : {};
  const thought = { text: reasoning.join(""), type: "reasoning_text" };
  const text = { type: "output_text", annotations: [], logprobs: [], text: content.join("") };
  return [
    ...(reasoning.length === 0
      ? []
      : [{ id: "rs_1", summary: [], type: "reasoning", content: [thought], encrypted_content: "", ...status }]),
    ...(content.length === 0
      ? []
      : [{ content: [text], id: "msg_1", role: "assistant", status: "completed", type: "message" }]),
    ...calls.map(({ id, name, args }) => ({
      id: `fc_${id}`,
      type: "function_call",
      status: "completed",
      arguments: args.join(""),
      call_id: `call_${id}`,
      name,
    })),
  ];
}

const RESPONSE_USAGE = {
  input_tokens: 12,
  output_tokens: 4,
  total_tokens: 16,
  input_tokens_details: { cached_tokens: 9 },
};

export function responseStream(answer: Written): Uint8Array {
  const began = { id: "resp_1", object: "response", status: "in_progress" };
  const response = {
    id: "resp_1",
    object: "response",
    created_at: HEAD.created,
    status: "completed",
    model: HEAD.model,
    output: outputItems(answer, false),
    usage: RESPONSE_USAGE,
  };
  return typedEvents(
    { type: "response.created", response: began },
    { type: "response.in_progress", response: began },
    ...answer.content.map((delta) => ({ type: "response.output_text.delta", item_id: "msg_1", delta })),
    { type: "response.completed", response, timings: TIMINGS },
  );
}

export function responseAnswer(answer: Written): Json {
  return {
    completed_at: HEAD.created,
    created_at: HEAD.created,
    id: "resp_1",
    model: HEAD.model,
    object: "response",
    output: outputItems(answer, true),
    status: "completed",
    usage: RESPONSE_USAGE,
  };
}
