import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { KEYS, Scene } from "../gateway/control-scene.ts";
import { startGateway } from "../support/gateway.ts";
import { TestBrowser } from "./browser.ts";
import { whyNoBrowser } from "./chromium.ts";

const missing = whyNoBrowser();
if (missing !== undefined) process.emitWarning(missing);

const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** What axe objects to. */
async function objections(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const violations = await page.evaluate<readonly Violation[]>("axe.run().then(({ violations }) => violations)");
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`);
}

async function busyScene(): Promise<Scene> {
  const scene = await Scene.begin({ config: { queue: { starvationWarnMs: 300 } } });
  await scene.run();
  await scene.finish();
  await scene.it.over(1);
  scene.it.server.pauseTokens();
  await scene.run();
  for (let i = 0; i < 15; i++) await scene.wait();
  await scene.wait("/foreground/v1/chat/completions");
  await scene.wait("/priority/50/v1/chat/completions");
  return scene;
}

describe("the dashboard is for everybody", { skip: missing ?? false }, () => {
  let browser: TestBrowser;
  before(async () => {
    browser = await TestBrowser.launch();
  });
  after(() => browser?.[Symbol.asyncDispose]());

  for (const colorScheme of ["light", "dark"] as const) {
    test(`nothing on it is found wanting by axe, contrast included, when it is ${colorScheme}`, async () => {
      await using scene = await busyScene();
      await using visit = await browser.visit(scene.it.url, { colorScheme });
      const { page } = visit;
      await page.getByText("waited more than").first().waitFor();
      assert.deepEqual(await objections(page), []);
      await visit
        .rows("Waiting")
        .first()
        .getByRole("button", { name: /why did it wait/ })
        .click();
      await page.getByRole("dialog").getByText("Who ran when it came").waitFor();
      assert.deepEqual(await objections(page), []);
    });
  }

  test("nor when it asks for a key", async () => {
    await using it = await startGateway({ server: null, config: KEYS });
    await using visit = await browser.visit(it.url);
    await visit.page.getByLabel("Key").waitFor();
    assert.deepEqual(await objections(visit.page), []);
  });

  test("on a phone nothing sticks out, and everything can be touched", async () => {
    await using scene = await busyScene();
    await using visit = await browser.visit(scene.it.url, PHONE);
    const { page } = visit;
    await visit.hasRows("Waiting", 12);
    assert.equal(await page.evaluate("document.documentElement.scrollWidth"), 360);
    await visit
      .rows("Waiting")
      .nth(1)
      .getByRole("button", { name: /why did it wait/ })
      .tap();
    await page.getByRole("dialog").getByText("in front of it").waitFor();
    assert.equal(await page.evaluate("document.documentElement.scrollWidth"), 360);
    assert.deepEqual(await objections(page), []);
  });

  test("Escape closes what was opened, and the focus is where it was", async () => {
    await using scene = await busyScene();
    await using visit = await browser.visit(scene.it.url);
    const { page } = visit;
    const opener = visit
      .rows("Waiting")
      .nth(1)
      .getByRole("button", { name: /why did it wait/ });
    const name = await opener.textContent();
    await opener.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    assert.equal(await page.evaluate("document.activeElement.textContent"), name);
  });

  test("a screen reader is told of warnings and of what came of an action, and of nothing that runs on", async () => {
    await using it = await startGateway();
    await using visit = await browser.visit(it.url);
    await visit.live();
    const regions = await visit.page.evaluate<readonly string[]>(
      "[...document.querySelectorAll('[aria-live], [role=status], [role=alert]')].map((region) => region.className)",
    );
    assert.deepEqual(regions, ["alerts", "said"]);
  });
});
