import { startGateway, type GatewayOptions, type GatewayUnderTest } from "../support/gateway.ts";
import { asked, CHAT, chat } from "./talk.ts";

/** What the server worked on, in order, by the text of the request. */
export function order(it: GatewayUnderTest): string[] {
  const work = it.server.served.filter(({ isWork }) => isWork);
  return work.toSorted((a, b) => a.at.started! - b.at.started! || a.id - b.id).map(({ body }) => asked(body));
}

/** One request in the only slot, which does not go on before `server.resumeTokens()`. */
export async function occupied(
  options: GatewayOptions = {},
): Promise<{ it: GatewayUnderTest; running: Promise<Response> }> {
  const it = await startGateway(options);
  it.server.pauseTokens();
  const running = it.post(CHAT, chat("running"), { headers: { "x-headgate-priority": "background" } });
  await it.server.when("started");
  return { it, running };
}
