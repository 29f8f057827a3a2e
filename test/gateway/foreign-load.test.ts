import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { createLog } from "../../src/gateway/log.ts";
import { UpstreamNews } from "../../src/gateway/log-events.ts";
import { omlx } from "../../src/engines/omlx.ts";
import { ForeignLoad } from "../../src/gateway/foreign-load.ts";
import { ownLoad } from "../../src/gateway/own-load.ts";
import type { Upstream } from "../../src/gateway/upstream.ts";
import { Upstreams } from "../../src/gateway/upstreams.ts";
import { statusLines } from "../../src/cli/status-text.ts";
import type { Status } from "../../src/gateway/control/status-view.ts";
import { CHAT, chat } from "../e2e/talk.ts";
import { startGateway, type GatewayUnderTest } from "../support/gateway.ts";
import { ManualClock } from "../support/manual-clock.ts";

/** Looks once, as the gateway does beside its probes. */
async function look({ gateway }: GatewayUnderTest): Promise<number | undefined> {
  const [upstream] = gateway.upstreams.all as [Upstream];
  await upstream.lookForOthers(() => ownLoad(gateway, upstream));
  return upstream.foreign;
}

/** A request that goes past the gateway. Resolves once the server has it, with what ends it. */
async function past(it: GatewayUnderTest): Promise<() => Promise<void>> {
  const abort = new AbortController();
  const started = (): number => it.server.served.filter(({ at }) => at.started !== undefined).length;
  const before = started();
  const answer = fetch(it.server.url + CHAT, {
    method: "POST",
    body: JSON.stringify(chat("past the gateway", { model: it.server.model, stream: true })),
    signal: abort.signal,
  }).then((response) => response.text());
  const { id } = await it.server.when("started", () => started() > before);
  return async () => {
    abort.abort();
    await assert.rejects(answer, { name: "AbortError" });
    await it.server.when("hung-up", id);
  };
}

async function shown(it: GatewayUnderTest): Promise<{ foreign: unknown; text: string; gauge: string | undefined }> {
  const status = (await (await it.get("/headgate/status")).json()) as Status;
  const metrics = await (await it.get("/metrics")).text();
  return {
    foreign: status.upstreams[0]!.foreign,
    text: statusLines(it.url, status).join("\n"),
    gauge: /^headgate_upstream_foreign_requests\{.*\} (.*)$/m.exec(metrics)?.[1],
  };
}

describe("foreign load", () => {
  test("is what is there twice in a row beyond what is ours, and the smaller of both", () => {
    const load = new ForeignLoad();
    const looks = (...figures: readonly (readonly [number | undefined, number | undefined])[]): unknown[] =>
      figures.map(([told, own]) => {
        load.look(told, own);
        return load.requests;
      });
    assert.equal(load.requests, undefined);
    assert.deepEqual(looks([1, 1], [2, 1], [1, 1]), [0, 0, 0]);
    assert.deepEqual(looks([4, 1], [3, 1], [3, 2], [0, 2]), [0, 2, 1, 0]);
    assert.deepEqual(looks([2, 0], [undefined, 0], [2, 0], [2, undefined], [2, 0], [2, 0]), [
      0,
      undefined,
      0,
      undefined,
      0,
      2,
    ]);
  });

  test("is shown in the status, in its text and in the metrics, until it is gone", async () => {
    await using it = await startGateway({ server: { engine: "omlx", slots: 2 }, upstream: { name: "mac" } });
    assert.deepEqual({ ...(await shown(it)), text: "" }, { foreign: 0, text: "", gauge: "0" });
    it.server.pauseTokens();
    const ends = [await past(it), await past(it)];
    assert.equal(await look(it), 0);
    assert.equal(await look(it), 2);
    const { text, ...rest } = await shown(it);
    assert.deepEqual(rest, { foreign: 2, gauge: "2" });
    assert.match(text, /^mac has 2 requests from elsewhere: point that client at this gateway instead of http:/m);
    for (const end of ends) await end();
    it.server.resumeTokens();
    while ((await look(it)) !== 0);
    assert.doesNotMatch((await shown(it)).text, /elsewhere/);
  });

  test("is never what runs through the gateway, waits in it, or holds a permit of it over HTTP", async () => {
    await using it = await startGateway({ server: { engine: "omlx", slots: 1 } });
    it.server.pauseTokens();
    const answers = [it.post(CHAT, chat()), it.post(CHAT, chat())];
    await it.waiting(1);
    await it.server.when("started");
    assert.deepEqual([await look(it), await look(it)], [0, 0]);
    it.server.resumeTokens();
    for (const answer of answers) await (await answer).text();

    const hangUp = new AbortController();
    await it.post("/headgate/permits", { label: "job" }, { signal: hangUp.signal });
    it.server.pauseTokens();
    const end = await past(it);
    assert.deepEqual([await look(it), await look(it)], [0, 0]);
    await end();
    it.server.resumeTokens();
    hangUp.abort();
  });

  test("is not known while a request of ours runs that the server may count as several", async () => {
    await using it = await startGateway({ server: { engine: "omlx", slots: 4 }, upstream: { capacity: 1 } });
    it.server.pauseTokens();
    const two = it.post(CHAT, chat("two", { n: 2 }));
    await it.server.when("started");
    assert.deepEqual([await look(it), await look(it)], [undefined, undefined]);
    assert.deepEqual({ ...(await shown(it)), text: "" }, { foreign: null, text: "", gauge: undefined });
    it.server.resumeTokens();
    await (await two).text();
  });

  test("is looked for beside our own work only where the question would disturb an idle server", async () => {
    await using it = await startGateway({
      server: { engine: "llama-server", slots: 2 },
      upstream: { capacity: 1 },
    });
    it.server.pauseTokens();
    const end = await past(it);
    assert.deepEqual([await look(it), await look(it)], [undefined, undefined]);
    assert.ok(it.server.served.every(({ url }) => !/metrics|slots/.test(url)));
    const own = it.post(CHAT, chat());
    await it.server.when("started", () => it.server.served.filter(({ isWork }) => isWork).length === 2);
    assert.deepEqual([await look(it), await look(it)], [0, 1]);
    await end();
    it.server.resumeTokens();
    await (await own).text();
  });

  test("is warned of once for each time that it comes, with what it means and what to do", () => {
    let written = "";
    const stream = { isTTY: false, write: (text: string): void => void (written += text) };
    const news = new UpstreamNews(createLog({ level: "warn", form: "json" }, stream));
    const upstream = {
      name: "mac",
      url: new URL("http://me:secret@127.0.0.1:8000/x"),
      engine: omlx,
      capacity: { slots: 1, source: "assumed" },
      health: "ready",
    };
    const warnings = (...figures: readonly (number | undefined)[]): number => {
      written = "";
      for (const foreign of figures) news.seen(Object.assign(upstream, { foreign }) as unknown as Upstream);
      return written.split("\n").length - 1;
    };
    assert.equal(warnings(undefined, 0), 0);
    assert.equal(warnings(2, 1, undefined, 3), 1);
    assert.match(written, /"foreign":2.*without this gateway.*point that client at this gateway/);
    assert.doesNotMatch(written, /secret/);
    assert.equal(warnings(0, 1), 1);
  });

  test("is found by the gateway's own probes, and written to its log", async () => {
    const clock = new ManualClock();
    let written = "";
    const log = createLog({ level: "warn", form: "json" }, { isTTY: false, write: (text) => void (written += text) });
    await using it = await startGateway({ server: { engine: "omlx" }, clock, log });
    it.server.pauseTokens();
    const end = await past(it);
    while (written === "") {
      clock.advance(15_000);
      await nextTurn();
    }
    assert.match(written, /"foreign":1.*point that client at this gateway/);
    await end();
    it.server.resumeTokens();
  });

  test("is asked for at every regular probe, and once in 15 s at most whatever else makes the gateway probe", async () => {
    const clock = new ManualClock();
    await using it = await startGateway({ server: { engine: "omlx" } });
    const [upstream] = it.gateway.upstreams.all as [Upstream];
    let probed = Promise.withResolvers<void>();
    const upstreams = new Upstreams({ onChange: () => probed.resolve(), own: () => 0, clock });
    const asked = async (probe: () => void): Promise<number> => {
      const before = it.server.served.filter(({ url: path }) => path === "/api/status").length;
      probed = Promise.withResolvers();
      probe();
      await probed.promise;
      return it.server.served.filter(({ url: path }) => path === "/api/status").length - before;
    };
    await upstreams.add(upstream);
    assert.equal(await asked(() => upstreams.recheck(upstream)), 0);
    assert.equal(await asked(() => clock.advance(15_000)), 1);
    assert.equal(await asked(() => upstreams.recheck(upstream)), 0);
    assert.equal(await asked(() => clock.advance(15_000)), 1);
  });
});
