export type EngineName =
  | "llama-server"
  | "ollama"
  | "lm-studio"
  | "mlx-lm"
  | "mlx-vlm"
  | "vllm-mlx"
  | "omlx"
  | "vllm"
  | "sglang"
  | "simulated"
  | "unknown";

/** `loading`: it answers, and will take work soon. */
export type Health = "ready" | "loading" | "down";

/** What happens to a running background request when a person comes: it continues later, starts over, or finishes first. */
export type StepAside = "resume" | "restart" | "finish";
