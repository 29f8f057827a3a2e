import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Scene } from "../gateway/control-scene.ts";
import { startGateway } from "../support/gateway.ts";
import { TestBrowser } from "./browser.ts";
import { whyNoBrowser } from "./chromium.ts";

const missing = whyNoBrowser();
if (missing !== undefined) process.emitWarning(missing);

describe("the dashboard, while things happen", { skip: missing ?? false }, () => {
  let browser: TestBrowser;
  before(async () => {
    browser = await TestBrowser.launch();
  });
  after(() => browser?.[Symbol.asyncDispose]());

  test("shows who comes, waits, runs and ends, without a reload", async () => {
    await using scene = await Scene.begin();
    await using visit = await browser.visit(scene.it.url);
    await visit.live();
    await visit.page.getByText("Nobody waits.").waitFor();
    await scene.run();
    await visit.hasRows("Running", 1);
    await scene.wait();
    await scene.wait("/foreground/v1/chat/completions");
    await visit.hasRows("Waiting", 2);
    const [first, second] = await visit.rows("Waiting").allInnerTexts();
    assert.match(first!, /^1\s[\s\S]*foreground 0/);
    assert.match(second!, /^2\s[\s\S]*background 100/);
    await scene.finish();
    await visit.hasRows("Ended lately", 3);
    await visit.hasRows("Running", 0);
    await visit.hasRows("Waiting", 0);
  });

  test("shows what went on before it was opened", async () => {
    await using scene = await Scene.begin();
    await scene.run();
    await scene.finish();
    await scene.it.over(1);
    await using visit = await browser.visit(scene.it.url);
    await visit.hasRows("Ended lately", 1);
    await visit.page.getByRole("img", { name: "Timeline of 1 request" }).waitFor();
    await visit.page.getByText("background (1): half < 10 ms").waitFor();
  });

  test("gives each gate a page with an address of its own", async () => {
    await using it = await startGateway();
    await it.gateway.addUpstream({ url: it.server.url, name: "second", gate: "other gate", models: { alias: {} } });
    await using visit = await browser.visit(it.url);
    const { page } = visit;
    await page.getByRole("region", { name: "Gate local" }).waitFor();
    await page.getByRole("navigation", { name: "Gates" }).getByRole("link", { name: "other gate" }).click();
    await page.getByRole("region", { name: "Gate other gate" }).waitFor();
    assert.match(page.url(), /#other%20gate$/);
    await page.reload();
    await page.getByRole("region", { name: "Gate other gate" }).waitFor();
    await page.getByRole("heading", { name: "second" }).waitFor();
  });

  test("says that a server is down, and takes it back when it is up", async () => {
    await using it = await startGateway();
    await using visit = await browser.visit(it.url);
    await visit.live();
    const [upstream] = it.gateway.upstreams.all;
    upstream!.unreachable();
    const warnings = visit.page.getByRole("region", { name: "Warnings" });
    await warnings.getByText(`${upstream!.name} does not answer.`).waitFor();
    it.gateway.upstreams.recheck(upstream!);
    await warnings.getByText("does not answer").waitFor({ state: "detached" });
  });

  test("says who starves, and why is one click away", async () => {
    await using scene = await Scene.begin({ config: { queue: { starvationWarnMs: 300 } } });
    await scene.run();
    await scene.wait();
    await using visit = await browser.visit(scene.it.url);
    const { page } = visit;
    const warning = page.getByRole("region", { name: "Warnings" }).getByText("A request has waited more than 0 s.");
    await warning.waitFor();
    await page.getByRole("region", { name: "Warnings" }).getByRole("button", { name: "Why?" }).click();
    await page
      .getByRole("dialog", { name: "Why did it wait?" })
      .getByText("1 request ran with the one permit")
      .waitFor();
  });

  test("is there again by itself after the gateway was started anew", async () => {
    const first = await startGateway();
    const { port, url } = first;
    await using visit = await browser.visit(url);
    await visit.live();
    await first.gateway.close();
    await visit.page.getByText("Connection lost").waitFor();
    await using second = await startGateway({ server: null, config: { listen: [{ port }] } });
    await visit.live();
    assert.equal(second.port, port);
    await visit.page.getByText("There is no gate yet").waitFor();
    await first[Symbol.asyncDispose]();
  });
});
