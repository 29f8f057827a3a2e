import type { GateGroup } from "../gate-group.ts";
import { Refused } from "../refused.ts";
import type { Control } from "./control.ts";
import { gateFor } from "./permit-gate.ts";

/** Which gates an operator means: `?gate=NAME`, `?upstream=NAME` for the gate of that server, or neither. */
export interface GateChoice {
  readonly gate?: string;
  readonly upstream?: string;
}

type Known = Pick<Control, "gates" | "upstreams">;

/**
 * The gates chosen; all of them when none is named.
 *
 * @throws {Refused} 404 that lists the names, 409 when there is no gate yet.
 */
export function chosenGates(control: Known, { gate, upstream }: GateChoice): readonly GateGroup[] {
  const name = gate ?? upstream;
  if (name !== undefined) return [gateFor(control, name)];
  const { all } = control.gates;
  if (all.length > 0) return all;
  const message = "there is no gate yet, because no model server was found; start one, or name it with --upstream";
  throw new Refused("refused", { status: 409, code: "no_gate", message });
}

/**
 * The one gate chosen; the only one when none is named.
 *
 * @throws {Refused} 404, 409 as {@link chosenGates}, 400 when there are several and none is named.
 */
export function chosenGate(control: Known, choice: GateChoice): GateGroup {
  const [group, ...others] = chosenGates(control, choice);
  if (others.length === 0) return group!;
  const names = control.gates.all.map(({ gate }) => gate.name).join(", ");
  const message = `there are several gates: choose one with ?gate=NAME; there are ${names}`;
  throw new Refused("refused", { status: 400, code: "gate_required", message, param: "gate" });
}
