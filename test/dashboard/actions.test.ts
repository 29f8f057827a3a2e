import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { Scene, waitingOf } from "../gateway/control-scene.ts";
import { startGateway } from "../support/gateway.ts";
import { TestBrowser } from "./browser.ts";
import { whyNoBrowser } from "./chromium.ts";

const missing = whyNoBrowser();
if (missing !== undefined) process.emitWarning(missing);

describe("what an operator does on the dashboard", { skip: missing ?? false }, () => {
  let browser: TestBrowser;
  before(async () => {
    browser = await TestBrowser.launch();
  });
  after(() => browser?.[Symbol.asyncDispose]());

  test("pauses the gate and opens it again, by keyboard alone", async () => {
    await using it = await startGateway();
    await using visit = await browser.visit(it.url);
    await visit.live();
    const focused = (): Promise<string> => visit.page.evaluate<string>("document.activeElement.textContent");
    while ((await focused()) !== "Pause") await visit.page.keyboard.press("Tab");
    await visit.page.keyboard.press("Enter");
    await visit.page.getByText("Paused", { exact: true }).waitFor();
    assert.equal(it.gate.state, "paused");
    await visit.page.getByRole("status").getByText("who comes waits").waitFor();
    await visit.page.keyboard.press("Enter");
    await visit.page.getByText("Open", { exact: true }).waitFor();
    assert.equal(it.gate.state, "open");
  });

  test("drains it only when that was confirmed", async () => {
    await using it = await startGateway();
    await using visit = await browser.visit(it.url);
    await visit.live();
    const { page } = visit;
    await page.getByRole("button", { name: "Drain …" }).click();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    assert.equal(it.gate.state, "open");
    await page.getByRole("button", { name: "Drain …" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Drain", exact: true }).click();
    await page.getByText("Closed", { exact: true }).waitFor();
    assert.equal(it.gate.state, "closed");
    assert.ok(await page.getByRole("button", { name: "Pause" }).isDisabled());
  });

  test("sets the capacity, and back to what the server tells", async () => {
    await using it = await startGateway({ server: { engine: "llama-server", slots: 2 } });
    await using visit = await browser.visit(it.url);
    await visit.live();
    const { page } = visit;
    await page.getByLabel("Capacity").fill("5");
    await page.getByRole("button", { name: "Set", exact: true }).click();
    await it.until(() => it.gate.capacity === 5);
    await page.getByText("of 5").first().waitFor();
    await page.getByRole("button", { name: "Follow server" }).click();
    await it.until(() => it.gate.capacity === 2);
  });

  test("moves a waiter forward and back, and gives it any priority", async () => {
    await using scene = await Scene.begin();
    await scene.run();
    for (let i = 0; i < 3; i++) await scene.wait();
    const [, , last] = waitingOf(await scene.status());
    await using visit = await browser.visit(scene.it.url);
    await visit.hasRows("Waiting", 3);
    const { page } = visit;
    const first = visit.rows("Waiting").first();
    await page.getByRole("button", { name: `Sooner: ${last!.id}` }).click();
    await first.getByText("50", { exact: true }).waitFor();
    assert.equal(waitingOf(await scene.status())[0]!.id, last!.id);
    await page.getByRole("button", { name: `Later: ${last!.id}` }).click();
    await visit
      .rows("Waiting")
      .nth(2)
      .getByRole("button", { name: `Later: ${last!.id}` })
      .waitFor();
    await page.getByRole("button", { name: new RegExp(`${last!.id.slice(-8)} why did it wait`) }).click();
    await page.getByRole("dialog").getByLabel("Priority").fill("7");
    await page.getByRole("dialog").getByRole("button", { name: "Set" }).click();
    await first.getByText("7", { exact: true }).waitFor();
  });

  test("cancels a waiter with two clicks and not with one, and its client is told", async () => {
    await using scene = await Scene.begin();
    await scene.run();
    await scene.wait();
    const [waiter] = waitingOf(await scene.status());
    await using visit = await browser.visit(scene.it.url);
    const { page } = visit;
    await page.getByRole("button", { name: `Cancel ${waiter!.id}` }).click();
    await page.getByRole("button", { name: `Really cancel ${waiter!.id}` }).waitFor();
    assert.equal(scene.it.gate.waiting, 1);
    await page.getByRole("button", { name: `Really cancel ${waiter!.id}` }).click();
    await visit.hasRows("Waiting", 0);
    await visit.rows("Ended lately").getByText("cancelled").waitFor();
    assert.deepEqual(await scene.finish(), [200, 503]);
  });

  test("is told when the gateway refuses", async () => {
    await using it = await startGateway();
    await using visit = await browser.visit(it.url);
    await visit.live();
    await visit.page.getByLabel("Capacity").fill("3");
    await visit.page.route("**/headgate/capacity", (route) =>
      route.fulfill({ status: 400, json: { error: { message: "not today" } } }),
    );
    await visit.page.getByRole("button", { name: "Set", exact: true }).click();
    await visit.page.getByRole("status").getByText("not today").waitFor();
    assert.equal(await visit.page.getByLabel("Capacity").inputValue(), "3");
  });

  test("cannot be done by a page of another origin, nor with the dashboard in its frame", async () => {
    await using it = await startGateway();
    const elsewhere = createServer((_request, response) => {
      response.setHeader("Content-Type", "text/html").end(`<iframe src="${it.url}/headgate/"></iframe>`);
    });
    elsewhere.listen(0, "127.0.0.2");
    await once(elsewhere, "listening");
    await using visit = await browser.visit(it.url);
    const foreign = await visit.context.newPage();
    await foreign.goto(`http://127.0.0.2:${(elsewhere.address() as AddressInfo).port}/`);
    for (const type of ["text/plain", "application/json"]) {
      const init = `{ method: "POST", mode: "no-cors", body: "{}", headers: { "Content-Type": "${type}" } }`;
      await foreign.evaluate(`fetch("${it.url}/headgate/pause", ${init}).catch(() => {})`);
    }
    assert.equal(it.gate.state, "open");
    const frame = foreign.frames()[1]!;
    assert.doesNotMatch(await frame.content(), /Headgate/);
    await foreign.close();
    elsewhere.close();
    elsewhere.closeAllConnections();
    await once(elsewhere, "close");
  });
});
