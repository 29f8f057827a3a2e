/**
 * A web handler in the foreground beside a classification loop in the background: one process, one model.
 *
 *     npm run build && node examples/web-and-pipeline.ts
 */
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Gate, Priority } from "headgate";
import { gatedFetch, logGate, withPriority } from "headgate/client";

async function listen(handler: RequestListener): Promise<{ server: Server; url: string }> {
  const server = createServer(handler).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

// A stand-in for the model server. It would take several requests at once, and slow all of them down.
const model = await listen((request, response) => {
  setTimeout(() => response.end(`the answer to ${request.url}`), 20);
});

const gate = new Gate({ name: "model" });
const stopLog = logGate(gate);
const modelFetch = gatedFetch(gate);
const ask = async (path: string): Promise<string> => (await modelFetch(model.url + path)).text();

// The only line that says that a person waits: everything the handler calls inherits it.
const web = await listen((request, response) => {
  void withPriority(Priority.FOREGROUND, () => ask(`/chat${request.url}`)).then(
    (answer) => response.end(answer),
    () => response.writeHead(502).end(),
  );
});

// The pipeline: two workers on one list. It says nothing, so it is background.
const documents = Array.from({ length: 10 }, (_, index) => `/classify/document-${index}`);
let classified = 0;
async function classify(): Promise<void> {
  for (let path = documents.shift(); path !== undefined; path = documents.shift()) {
    await ask(path);
    classified++;
  }
}
const pipeline = Promise.all([classify(), classify()]);

const answer = await (await fetch(`${web.url}/hello`)).text();
console.log(`${answer} came when ${classified} of 10 documents were done`);
await pipeline;
stopLog();
console.log(`${classified} documents classified`);
for (const { server } of [web, model]) {
  server.close();
  server.closeAllConnections();
}
