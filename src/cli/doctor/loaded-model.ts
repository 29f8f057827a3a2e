import type { Engine, Probe } from "../../engines/engine.ts";
import { membersOf } from "../../engines/fingerprint.ts";
import { objectIn } from "../../protocol/untrusted-json.ts";

/** The model to try, or why none: to have one loaded would throw out another that somebody needs. */
export type Choice = { readonly model: string | undefined } | { readonly none: string };

const NONE_LOADED: Choice = {
  none: "no model is loaded, and loading one would take memory from others: name one with --model",
};

/** A model that the server has loaded already. */
export async function loadedModel(engine: Engine, probe: Probe): Promise<Choice> {
  switch (engine.name) {
    case "ollama":
      return chosen(listIn(membersOf(await probe.get("/api/ps"))["models"]).map((model) => model["name"]));
    case "lm-studio": {
      const models = listIn(membersOf(await probe.get("/api/v1/models"))["models"]);
      return chosen(
        models.filter((model) => listIn(model["loaded_instances"]).length > 0).map((model) => model["key"]),
      );
    }
    case "mlx-lm":
      // Who names none gets the one it was started with.
      return { model: undefined };
    case "mlx-vlm":
      return { none: "it does not tell which model is loaded, and would load any other: name one with --model" };
    case "llama-server":
    case "vllm-mlx":
    case "omlx":
    case "vllm":
    case "sglang":
    case "simulated":
    case "unknown":
      return { model: (await engine.models(probe))?.[0] };
  }
}

function chosen([name]: readonly unknown[]): Choice {
  return typeof name === "string" ? { model: name } : NONE_LOADED;
}

function listIn(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (!Array.isArray(value)) return [];
  return (value as readonly unknown[]).map((member) => objectIn(member) ?? {});
}
