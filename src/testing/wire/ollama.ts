import type { Answer, Choice, Piece } from "../answer.ts";
import type { Ask } from "../ask.ts";
import type { Wire } from "../call.ts";
import type { Json } from "../fields.ts";
import { line, NDJSON } from "./frames.ts";

const NS_PER_MS = 1e6;

/** Ollama's own chat and generate: one JSON object a line, the last one with the counts. */
export function ollamaWire(ask: Ask, answer: Answer): Wire {
  const chat = ask.dialect === "ollama-chat";
  const head = (): Json => ({ model: answer.model, created_at: new Date().toISOString() });
  const said = (choice: { reasoning: string; content: string }, calls: Json = {}): Json => {
    const thinking = choice.reasoning === "" ? {} : { thinking: choice.reasoning };
    if (!chat) return { response: choice.content, ...thinking };
    return { message: { role: "assistant", content: choice.content, ...thinking, ...calls } };
  };
  return {
    contentType: NDJSON,
    opening: () => "",
    piece(piece) {
      const calls = callsOf(piece, answer.choices[0]!);
      const shows = piece.content !== "" || piece.reasoning !== "" || calls !== undefined;
      return shows ? line({ ...head(), ...said(piece, calls), done: false }) : "";
    },
    closing: () => line({ ...head(), ...said({ reasoning: "", content: "" }), ...end(answer) }),
    whole() {
      const choice = answer.choices[0]!;
      return { ...head(), ...said(choice, choice.toolCalls.length === 0 ? {} : wholeCalls(choice)), ...end(answer) };
    },
  };
}

/** Calls come whole, their arguments as values. */
function callsOf(piece: Piece, choice: Choice): Json | undefined {
  return piece.finish === "tool_calls" ? wholeCalls(choice) : undefined;
}

function wholeCalls(choice: Choice): Json {
  return {
    tool_calls: choice.toolCalls.map(({ id, name, arguments: text }, index) => ({
      id: `call_${id.slice(0, 8)}`,
      function: { index, name, arguments: JSON.parse(text) as unknown },
    })),
  };
}

function end(answer: Answer): Json {
  const { promptMs, predictedMs, promptTokens, completionTokens } = answer;
  return {
    done: true,
    done_reason: answer.choices[0]!.finish === "length" ? "length" : "stop",
    total_duration: Math.round((promptMs + predictedMs) * NS_PER_MS),
    load_duration: 0,
    prompt_eval_count: promptTokens,
    prompt_eval_duration: Math.round(promptMs * NS_PER_MS),
    eval_count: completionTokens,
    eval_duration: Math.round(predictedMs * NS_PER_MS),
  };
}
