import { withOpened } from "../common/opened.ts";
import { Child } from "./child-process.ts";
import { Connection } from "./connection.ts";
import type { Contender, Running } from "./contender.ts";
import { request } from "./requests.ts";
import type { Row } from "./results.ts";
import type { ModelQuestions } from "./servers/model.ts";

/** A contender in front of its model server. */
export interface Entrant {
  readonly contender: Contender;
  readonly running: Running;
  readonly model: Child<ModelQuestions>;
}

/** Starts a contender with a model server of its own. */
async function enter(contender: Contender, capacity: number): Promise<Entrant> {
  const model = await Child.start<ModelQuestions>("model", { upstreamPort: 0, capacity });
  return { contender, model, running: await contender.start({ upstreamPort: model.port, capacity }) };
}

async function leave({ model, running }: Entrant): Promise<void> {
  await running.close();
  await model.close();
}

/** Opens the field, lets `use` work with it, and closes it whatever happens. */
export function withField<Result>(
  contenders: readonly Contender[],
  capacity: number,
  use: (field: readonly Entrant[]) => Promise<Result>,
): Promise<Result> {
  return withOpened(contenders, { open: (contender) => enter(contender, capacity), close: leave }, use);
}

/**
 * Measures everybody in turn, round after round, each time beginning with another: a machine that grows slow for a while does so
 * for all, and nobody always comes after the same rival.
 */
export async function inRounds<Figure>(
  field: readonly Entrant[],
  rounds: number,
  measure: (entrant: Entrant) => Promise<Figure>,
): Promise<Row<Figure>[]> {
  const rows = field.map(({ contender: { id, role } }) => ({ id, role, rounds: [] as Figure[] }));
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < field.length; turn++) {
      const index = (round + turn) % field.length;
      rows[index]!.rounds.push(await measure(field[index]!));
    }
  }
  return rows;
}

/** So many small requests over eight connections. */
export async function warmUp({ running }: Entrant, requests: number): Promise<void> {
  const clients = await Connection.openMany(running.port, 8);
  const bytes = request("answer");
  let left = requests;
  await Promise.all(
    clients.map(async (client) => {
      while (left-- > 0) await client.send(bytes);
      client.close();
    }),
  );
}
