import type { Recognised } from "../protocol/route.ts";
import { answerJson, askUpstream } from "./ask-upstream.ts";
import type { GatewayContext } from "./context.ts";
import { answerModel } from "./model-route.ts";
import { passThrough } from "./pass-through.ts";
import type { Upstream } from "./upstream.ts";
import type { Visit } from "./visit.ts";

type ModelsRequest = Extract<Recognised, { kind: "models" }>;

/** One entry of a list, as the server wrote it. */
type Entry = Readonly<Record<string, unknown>>;

/** Where a list keeps its entries, and an entry its name. */
interface ListForm {
  readonly member: "data" | "models";
  /** What stands beside them. */
  readonly frame: object;
  /** All of these hold the name: Ollama has two. */
  readonly names: readonly string[];
}

/** https://platform.openai.com/docs/api-reference/models/list */
const OPENAI: ListForm = { member: "data", frame: { object: "list" }, names: ["id"] };
/** https://github.com/ollama/ollama/blob/main/docs/api.md#list-local-models */
const OLLAMA: ListForm = { member: "models", frame: {}, names: ["name", "model"] };

/** Listed beside each model, so that a chat UI's menu can send its title model to the background. */
const LISTED_PRIORITIES = ["background", "foreground"];

/** The last list of each server that was good, by path: it stands in while the server is down. */
const lastGood = new WeakMap<Upstream, Map<string, readonly Entry[]>>();

/**
 * Lists the models of every server behind the gateway with all that each server says of them: those allowed, their configured
 * aliases, and each as `MODEL@background` and `MODEL@foreground`.
 */
export async function answerModels(gateway: GatewayContext, visit: Visit, asked: ModelsRequest): Promise<void> {
  const form = asked.family === "openai" ? OPENAI : OLLAMA;
  if (asked.model !== undefined) return answerModel(gateway, visit, asked.model);
  if (visit.path.endsWith("/ps")) return passThrough(gateway, visit);
  const lists = await Promise.all(
    gateway.upstreams.all.map(async (upstream) =>
      namesAdded(upstream, form, await entriesOf(gateway, visit, upstream, form)),
    ),
  );
  const entries = lists.flat();
  // Nobody could be asked, or nobody has such a list: let the server say so itself.
  if (entries.length === 0) return passThrough(gateway, visit);
  answerJson(visit, { ...form.frame, [form.member]: entries });
}

async function entriesOf(
  gateway: GatewayContext,
  visit: Visit,
  upstream: Upstream,
  form: ListForm,
): Promise<readonly Entry[]> {
  const remembered = lastGood.get(upstream) ?? new Map<string, readonly Entry[]>();
  lastGood.set(upstream, remembered);
  const fresh = upstream.health === "down" ? undefined : await askedNow(gateway, visit, upstream, form);
  if (fresh !== undefined) remembered.set(visit.path, fresh);
  return fresh ?? remembered.get(visit.path) ?? [];
}

async function askedNow(
  gateway: GatewayContext,
  visit: Visit,
  upstream: Upstream,
  form: ListForm,
): Promise<readonly Entry[] | undefined> {
  const list = (await askUpstream(gateway, visit, upstream))?.[form.member];
  return Array.isArray(list) ? list.filter(isEntry) : undefined;
}

function namesAdded(upstream: Upstream, form: ListForm, entries: readonly Entry[]): readonly Entry[] {
  const nameOf = (entry: Entry): string => String(entry[form.names[0]!]);
  const renamed = (entry: Entry, name: string): Entry => ({
    ...entry,
    ...Object.fromEntries(form.names.filter((member) => member in entry).map((member) => [member, name])),
  });
  const allowed = entries.filter((entry) => upstream.allows(nameOf(entry)));
  const aliased = upstream.aliases.flatMap(([alias, name]) =>
    allowed.filter((entry) => nameOf(entry) === name).map((entry) => renamed(entry, alias)),
  );
  const named = [...allowed, ...aliased];
  const prioritised = named.flatMap((entry) =>
    LISTED_PRIORITIES.map((priority) => renamed(entry, `${nameOf(entry)}@${priority}`)),
  );
  return [...named, ...prioritised];
}

function isEntry(value: unknown): value is Entry {
  return typeof value === "object" && value !== null;
}
