import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ALICE, BOB, CHAT, KEYS, Scene } from "../gateway/control-scene.ts";
import { startGateway } from "../support/gateway.ts";
import { TestBrowser } from "./browser.ts";
import { whyNoBrowser } from "./chromium.ts";

const missing = whyNoBrowser();
if (missing !== undefined) process.emitWarning(missing);

describe("the dashboard of a gateway with keys", { skip: missing ?? false }, () => {
  let browser: TestBrowser;
  before(async () => {
    browser = await TestBrowser.launch();
  });
  after(() => browser?.[Symbol.asyncDispose]());

  test("shows nothing without a key, says so of a wrong one, and takes a right one", async () => {
    await using it = await startGateway({ config: KEYS });
    await using visit = await browser.visit(it.url);
    const { page } = visit;
    await page.getByRole("heading", { name: "A key, please" }).waitFor();
    assert.equal(await page.getByRole("table").count(), 0);
    await page.getByLabel("Key").fill("guessed");
    await page.getByRole("button", { name: "Look" }).click();
    await page.getByText("That key is not known here.").waitFor();
    await page.getByLabel("Key").fill("admin-secret");
    await page.keyboard.press("Enter");
    await visit.live();
    assert.ok(await page.getByRole("button", { name: "Pause" }).isEnabled());
  });

  test("keeps the key for this tab and nowhere else, and forgets it when told to", async () => {
    await using it = await startGateway({ config: KEYS });
    await using visit = await browser.visit(it.url);
    const { page, context } = visit;
    await page.getByLabel("Key").fill("admin-secret");
    await page.keyboard.press("Enter");
    await visit.live();
    assert.equal(await page.evaluate("localStorage.length"), 0);
    assert.deepEqual(await context.cookies(), []);
    assert.doesNotMatch(page.url(), /secret/);
    await page.reload();
    await visit.live();
    await page.getByRole("button", { name: "Forget key" }).click();
    await page.getByRole("heading", { name: "A key, please" }).waitFor();
    assert.equal(await page.evaluate("sessionStorage.length"), 0);
  });

  test("lets a user look at what is his, see that others are there, and do nothing", async () => {
    await using scene = await Scene.begin({ config: KEYS });
    await scene.run(CHAT, ALICE);
    await scene.wait(CHAT, BOB);
    await using visit = await browser.visit(scene.it.url, { key: "bob-secret" });
    await visit.hasRows("Waiting", 1);
    const { page } = visit;
    assert.match((await visit.rows("Waiting").allInnerTexts())[0]!, /small[\s\S]*bob/);
    assert.doesNotMatch((await visit.rows("Running").allInnerTexts())[0]!, /small|alice/);
    for (const name of ["Pause", "Drain …", /^Sooner/, /^Later/, /^Cancel/]) {
      assert.equal(await page.getByRole("button", { name }).count(), 0, String(name));
    }
    assert.equal(await page.getByLabel("Capacity").count(), 0);
  });
});
