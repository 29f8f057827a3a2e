import type { GatewayContext } from "./context.ts";
import { Refused } from "./refused.ts";
import type { Upstream } from "./upstream.ts";

/** A server for a request, and the model name as that server knows it. */
export interface Chosen {
  readonly upstream: Upstream;
  readonly model: string | undefined;
}

/** A server that is away is asked again this often, so a client need not come back sooner. */
const DOWN_RETRY_SECONDS = 5;

/** @throws {Refused} 503 when nobody is up, 404 with the choices when nobody serves the model. */
export function chooseUpstream({ upstreams }: Pick<GatewayContext, "upstreams">, asked: string | undefined): Chosen {
  const choice = upstreams.choose(asked);
  if ("upstream" in choice) return { upstream: choice.upstream, model: choice.upstream.modelFor(asked) };
  throw noUpstream(choice.refused, asked, choice.models);
}

function noUpstream(refused: string, asked: string | undefined, models: readonly string[]): Refused {
  if (refused === "unknown_model") {
    const choices = models.length === 0 ? "no model is known" : `there are: ${models.join(", ")}`;
    const message = `no model server behind this gateway has the model "${asked}"; ${choices}`;
    return new Refused("refused", { status: 404, code: "model_not_found", message, param: "model" });
  }
  const message =
    refused === "no_upstream"
      ? "no model server was found; start one (llama-server, Ollama, LM Studio, mlx_lm, vLLM), or name one with --upstream URL"
      : "the model server is down; Headgate keeps asking and will use it as soon as it answers";
  return new Refused("upstream_unreachable", {
    status: 503,
    code: "upstream_unreachable",
    message,
    retryAfterSeconds: DOWN_RETRY_SECONDS,
  });
}
