import { withOpened } from "../common/opened.ts";
import type { Running } from "../gateway/contender.ts";
import type { Server, Servers } from "./servers.ts";
import type { Way } from "./ways.ts";

/** Where one row is measured. */
export interface Place {
  readonly way: Way;
  readonly running: Running;
  readonly server: Server;
  /** Whether background clients stream. */
  readonly streamed: boolean;
}

export interface Opening {
  readonly way: Way;
  readonly row: number;
}

/** Opens a place for each, lets `use` work there, and closes them whatever happens. */
export function withPlaces<Result>(
  servers: Servers,
  openings: readonly Opening[],
  streamed: boolean,
  use: (places: readonly Place[]) => Promise<Result>,
): Promise<Result> {
  return withOpened(openings, { open: (opening) => openPlace(servers, opening, streamed), close: closePlace }, use);
}

async function openPlace(servers: Servers, { row, way }: Opening, streamed: boolean): Promise<Place> {
  const server = await servers.open(row);
  try {
    return { way, server, streamed, running: await way.start(server.port) };
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

async function closePlace({ running, server }: Place): Promise<void> {
  await running.close();
  await server[Symbol.asyncDispose]();
}
