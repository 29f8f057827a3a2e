/** A person's or a pipeline's request. HAProxy is told by the same header as Headgate. */
export type Class = "foreground" | "background";

/** What the model server behind is to do, in a header that every contender passes on: nothing of it stands in a body. */
export type Task =
  /** Answer at once with {@link JSON_ANSWER}. */
  | "answer"
  /** Answer with the body of the request. */
  | "echo"
  /** Stream frames, each on demand of the benchmark. */
  | "step"
  /** Begin a stream and say nothing more. */
  | "hold"
  /** Stream this many frames so many milliseconds apart, each with its time of sending. */
  | `pace ${number} ${number}`
  /** Take the one slot for this many milliseconds, then answer. */
  | `serve ${number} ${string}`
  /** Take the one slot until the benchmark lets go. */
  | `keep ${string}`;

export const TASK_HEADER = "x-bench";

const CHAT = JSON.stringify({
  model: "bench",
  messages: [
    { role: "system", content: "You are a helpful assistant." },
    { role: "user", content: "Say in one sentence what a headgate is." },
  ],
  max_tokens: 64,
});
const STREAMED_CHAT = CHAT.replace(/}$/, ',"stream":true}');

/** A whole small chat request, as bytes. */
export function request(task: Task, as: Class = "foreground", body?: string): Buffer {
  const streams = task === "step" || task === "hold" || task.startsWith("pace");
  const content = body ?? (streams ? STREAMED_CHAT : CHAT);
  const lines = [
    "POST /v1/chat/completions HTTP/1.1",
    "Host: localhost",
    "User-Agent: bench",
    "Content-Type: application/json",
    `X-Headgate-Priority: ${as}`,
    `${TASK_HEADER}: ${task}`,
    `Content-Length: ${Buffer.byteLength(content)}`,
  ];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n${content}`);
}

const ANSWER = {
  id: "chatcmpl-0",
  object: "chat.completion",
  created: 0,
  model: "bench",
  choices: [{ index: 0, message: { role: "assistant", content: "" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 9 },
};
const ANSWER_BYTES = 200;

/** The answer of the latency rows: 200 bytes, complete as a chat completion is. */
export const JSON_ANSWER: Buffer = answerOf(ANSWER_BYTES);

function answerOf(bytes: number): Buffer {
  const [choice] = ANSWER.choices;
  const short = bytes - JSON.stringify(ANSWER).length;
  const message = { ...choice!.message, content: "a".repeat(short) };
  return Buffer.from(JSON.stringify({ ...ANSWER, choices: [{ ...choice!, message }] }));
}
