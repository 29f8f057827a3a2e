/**
 * A program on the OpenAI SDK, gated by one line. Anthropic's and Ollama's clients and the AI SDK take a `fetch` in the same place.
 *
 *     npm run build && node examples/openai-sdk.ts
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { Gate, Priority } from "headgate";
import { gatedFetch, withPriority } from "headgate/client";
import OpenAI from "openai";

// A stand-in for the model server: streams four words, slowly.
async function* words(): AsyncGenerator<string> {
  for (const content of ["one ", "word ", "at a ", "time"]) {
    await pause(10);
    yield `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`;
  }
  yield "data: [DONE]\n\n";
}
const server = createServer((_, response) => {
  Readable.from(words()).pipe(response.writeHead(200, { "content-type": "text/event-stream" }));
}).listen(0, "127.0.0.1");
await once(server, "listening");
const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;

const gate = new Gate();
const openai = new OpenAI({
  baseURL,
  apiKey: "none",
  fetch: gatedFetch(gate), // the one line
});

const finished: string[] = [];
async function ask(who: string): Promise<void> {
  const stream = await openai.chat.completions.create({
    model: "local",
    messages: [{ role: "user", content: `Hello from ${who}` }],
    stream: true,
  });
  let text = "";
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
  finished.push(who);
  console.log(`${who}: "${text}", ${gate.waiting} wait`);
}

const pipelines = [ask("pipeline 1"), ask("pipeline 2"), ask("pipeline 3")];
await pause(15);
await withPriority(Priority.FOREGROUND, () => ask("person"));
await Promise.all(pipelines);

console.log(`order: ${finished.join(", ")}`);
server.close();
server.closeAllConnections();
