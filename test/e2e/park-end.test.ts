import assert from "node:assert/strict";
import { test } from "node:test";
import { hear } from "../property/interrupted.ts";
import { startGateway } from "../support/gateway.ts";
import { localServer, type ServerResponse } from "../support/local-server.ts";
import { CHAT } from "./talk.ts";

const HEAD = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "m" };

function frame(delta: object, finish: string | null): string {
  return `data: ${JSON.stringify({ ...HEAD, choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
}

test("an answer that said its end does not step aside in its last bytes: the client hears one end, not two", async () => {
  const streams: ServerResponse[] = [];
  await using server = await localServer((request, response) => {
    if (request.url !== CHAT) {
      response.writeHead(200, { Server: "llama.cpp" }).end("{}");
      return;
    }
    response.writeHead(200, { Server: "llama.cpp", "Content-Type": "text/event-stream" });
    response.write(frame({ role: "assistant", content: "All said." }, null) + frame({}, "stop"));
    streams.push(response);
  });
  await using it = await startGateway({ server: null, config: { preempt: { enabled: true, minRunMs: 0 } } });
  await it.gateway.addUpstream({ url: server.url, models: { alias: {} } });
  const body = { model: "m", stream: true, messages: [{ role: "user", content: "x" }] };
  const answer = await it.post(`/background${CHAT}`, body);
  await it.until(() => [...it.gateway.requests.live.values()].some(({ firstTokenAt }) => firstTokenAt !== undefined));
  const person = it.post(`/foreground${CHAT}`, body);
  await it.waiting(1);
  streams[0]!.end("data: [DONE]\n\n");
  const { content, finish, ends, errors } = await hear(answer);
  assert.deepEqual([content, finish, ends, errors], ["All said.", ["stop"], 1, []]);
  assert.equal((await person).status, 200);
  streams[1]!.end("data: [DONE]\n\n");
  await (await person).text();
  assert.equal(streams.length, 2);
});
