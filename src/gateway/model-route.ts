import { answerJson, askUpstream } from "./ask-upstream.ts";
import type { GatewayContext } from "./context.ts";
import { serverOf } from "./named-model.ts";
import { passThrough } from "./pass-through.ts";
import type { Visit } from "./visit.ts";

/**
 * Describes one model, in the words of the server that has it. Under an alias or with a priority (`NAME@background`) the
 * description is that of the model itself, with the name that was asked for, as in the list of models.
 */
export async function answerModel(gateway: GatewayContext, visit: Visit, asked: string): Promise<void> {
  const { upstream, model = asked } = serverOf(gateway, asked);
  if (model === asked) return passThrough(gateway, visit, { upstream, model });
  const described = { ...visit, path: pathOf(model) };
  const description = await askUpstream(gateway, described, upstream);
  // No description, or no server: whoever is asked says so itself.
  if (typeof description?.["id"] !== "string") return passThrough(gateway, described, { upstream, model });
  visit.record.upstream = upstream.name;
  answerJson(visit, { ...description, id: asked });
}

/** As servers write such names: the slash of `org/name` and the colon of `name:tag` stand for themselves. */
function pathOf(model: string): string {
  return `/v1/models/${encodeURIComponent(model).replaceAll("%2F", "/").replaceAll("%3A", ":")}`;
}
