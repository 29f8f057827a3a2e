import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startGateway } from "../support/gateway.ts";
import { TestBrowser } from "./browser.ts";
import { whyNoBrowser } from "./chromium.ts";

const missing = whyNoBrowser();
if (missing !== undefined) process.emitWarning(missing);

const BATCH = {
  id: "batch_1",
  object: "batch",
  endpoint: "/v1/chat/completions",
  status: "in_progress",
  created_at: 1_790_000_000,
  request_counts: { total: 2_000, completed: 1_400, failed: 12 },
  metadata: { name: "nightly tags" },
};

describe("batches on the dashboard", { skip: missing ?? false }, () => {
  let browser: TestBrowser;
  before(async () => {
    browser = await TestBrowser.launch();
  });
  after(() => browser?.[Symbol.asyncDispose]());

  test("are shown with how far they are", async () => {
    await using it = await startGateway();
    await using visit = await browser.visit(it.url);
    await visit.page.route("**/v1/batches?*", (route) => route.fulfill({ json: { object: "list", data: [BATCH] } }));
    await visit.page.reload();
    const progress = visit.page.getByRole("progressbar", { name: "Progress of nightly tags" });
    await progress.waitFor();
    assert.deepEqual([await progress.getAttribute("value"), await progress.getAttribute("max")], ["1412", "2000"]);
    await visit.page.getByText("1,400 of 2,000 done, 12 failed").waitFor();
  });

  test("have no place where the gateway knows of none", async () => {
    await using it = await startGateway();
    await using visit = await browser.visit(it.url);
    await visit.page.route("**/v1/batches?*", (route) => route.fulfill({ status: 404, json: {} }));
    const asked = visit.page.waitForResponse("**/v1/batches?*");
    await visit.page.reload();
    await asked;
    await visit.live();
    assert.equal(await visit.page.getByRole("heading", { name: "Batches" }).count(), 0);
  });
});
