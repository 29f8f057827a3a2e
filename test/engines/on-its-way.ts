import type { Engine, Outgoing } from "../../src/engines/engine.ts";
import { topLevelFields } from "../../src/protocol/json-fields.ts";
import { JsonReader } from "../../src/protocol/json-reader.ts";
import { readFacts } from "../../src/protocol/request-facts.ts";
import { recognise } from "../../src/protocol/route.ts";
import type { WholeForm } from "../../src/protocol/whole-form.ts";
import { splice } from "../../src/protocol/splice.ts";

export interface OnItsWay extends Outgoing {
  /** The body as the engine gets it. */
  readonly sent: string;
}

interface Circumstances {
  readonly priority?: number;
  /** That of the server's whole answers; then the request may also have to step aside. */
  readonly form?: WholeForm;
}

/** A POST of `body` to `path` on its way to `engine`, as the gateway would send it. */
export function onItsWay(
  engine: Engine,
  path: string,
  body: string,
  { priority = 100, form }: Circumstances = {},
): OnItsWay {
  const recognised = recognise("POST", path);
  if (recognised.kind !== "work") throw new TypeError(`${path} is no work`);
  const { route } = recognised;
  const bytes = Buffer.from(body);
  const facts = readFacts(route, bytes);
  const members = route.body === "json" ? new JsonReader(topLevelFields(bytes)) : undefined;
  const outgoing = engine.outgoing({ route, facts, body: members, priority, parkable: form !== undefined, form });
  return { ...outgoing, sent: Buffer.from(splice(bytes, outgoing.edits)).toString() };
}
