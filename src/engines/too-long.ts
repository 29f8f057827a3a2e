/** As llama-server and vLLM call it (server-context.cpp; vllm, `max_model_len`). */
const WORDS = /exceed_context_size_error|maximum context length/;

/** Whether a refusal says that a prompt does not fit into the context: of another one it says nothing. */
export function isTooLong(refusal: Uint8Array): boolean {
  return WORDS.test(Buffer.from(refusal).toString("utf8"));
}
