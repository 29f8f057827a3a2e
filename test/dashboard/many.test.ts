import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Scene } from "../gateway/control-scene.ts";
import { startGateway } from "../support/gateway.ts";
import { TestBrowser } from "./browser.ts";
import { whyNoBrowser } from "./chromium.ts";

const missing = whyNoBrowser();
if (missing !== undefined) process.emitWarning(missing);

/** With the one that runs as many as the live view tells of. */
const MANY = 999;

describe("the dashboard with very much on it", { skip: missing ?? false }, () => {
  let browser: TestBrowser;
  before(async () => {
    browser = await TestBrowser.launch();
  });
  after(() => browser?.[Symbol.asyncDispose]());

  test("draws a page of a thousand waiters and not all of them, and leads to the last", async () => {
    await using scene = await Scene.begin();
    await using visit = await browser.visit(scene.it.url);
    await visit.live();
    const elements = "document.querySelectorAll('*').length";
    await scene.run();
    for (let i = 0; i < 12; i++) await scene.wait();
    await visit.hasRows("Waiting", 12);
    const withFew = await visit.page.evaluate<number>(elements);
    for (let i = 12; i < MANY; i++) void scene.send("/background/v1/chat/completions", {});
    await scene.it.waiting(MANY);
    const pages = visit.page.getByRole("navigation", { name: "Waiting requests, pages" });
    await pages.getByText("1–12 of 999").waitFor();
    assert.ok((await visit.page.evaluate<number>(elements)) < withFew + 50);
    await pages.getByRole("button", { name: "Last" }).click();
    await visit.rows("Waiting").last().getByText("999", { exact: true }).waitFor();
    await scene.finish();
    await visit.hasRows("Waiting", 0);
  });

  test("says how many there are beyond those it was told of", async () => {
    await using it = await startGateway({ server: null });
    await it.gateway.addUpstream({ url: "http://127.0.0.1:9", models: { alias: {} } });
    const holder = it.gate.tryAcquire({ label: "first" })!;
    const abort = new AbortController();
    for (let i = 0; i < 1_200; i++) it.gate.acquire({ signal: abort.signal, label: `job ${i}` }).catch(() => {});
    await using visit = await browser.visit(it.url);
    await visit.page.getByText("1–12 of 999, and 201 more that are not listed").waitFor();
    abort.abort();
    holder.release();
  });
});
