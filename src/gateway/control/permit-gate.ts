import { LOCAL_GATE } from "../gate-groups.ts";
import type { GateGroup } from "../gate-group.ts";
import { Refused } from "../refused.ts";
import type { Control } from "./control.ts";

/** What is on this machine, for a gate that is asked for before any model server was found. */
const THIS_MACHINE = "http://127.0.0.1";

/**
 * The gate that a permit is asked of: the one of the model server `name`, or the one of that name. Without a name it is the only
 * one there is, else that of this machine, which needs no model server.
 *
 * @throws {Refused} 404 that lists the names, or 400 when there are several gates and none is this machine's.
 */
export function gateFor(
  { gates, upstreams }: Pick<Control, "gates" | "upstreams">,
  name: string | undefined,
): GateGroup {
  if (name !== undefined) {
    const group = upstreams.all.find((upstream) => upstream.name === name)?.group ?? gates.get(name);
    if (group !== undefined) return group;
    const message = `there is no model server and no gate named "${name}"; ${choices(gates, upstreams)}`;
    throw new Refused("refused", { status: 404, code: "unknown_upstream", message, param: "upstream" });
  }
  const [only, ...others] = gates.all;
  if (only !== undefined && others.length === 0) return only;
  if (only === undefined)
    return gates.of({ gate: LOCAL_GATE, url: THIS_MACHINE, models: { alias: {} } }, new URL(THIS_MACHINE));
  const local = gates.get(LOCAL_GATE);
  if (local !== undefined) return local;
  const message = `there are several gates: choose one with ?upstream=NAME; ${choices(gates, upstreams)}`;
  throw new Refused("refused", { status: 400, code: "upstream_required", message, param: "upstream" });
}

function choices(gates: Control["gates"], upstreams: Control["upstreams"]): string {
  const names = new Set([...upstreams.all.map((upstream) => upstream.name), ...gates.all.map(({ gate }) => gate.name)]);
  return names.size === 0 ? "none is known yet" : `there are ${[...names].join(", ")}`;
}
