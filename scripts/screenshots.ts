/**
 * `npm run screenshots`: the dashboard on a simulated model server with people and pipelines, as PNGs in a folder (default
 * `screenshots`). They are looked at after a change of the page; the one in docs/images is made by `-- --document`.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { chromium, type Browser, type BrowserContextOptions } from "playwright-core";
import { chromiumPath } from "../test/dashboard/chromium.ts";
import { buildDashboard } from "./dashboard.ts";
import { KEYS, MixedLoad } from "./mixed-load.ts";
import { root } from "./tools.ts";

const DESKTOP = { width: 1280, height: 1000 };
const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
};
/** Until the picture tells something. */
const BUSY_MS = 60_000;

interface Picture {
  readonly name: string;
  readonly context: BrowserContextOptions;
  readonly whole?: boolean;
  /** Dialog of a request that waits. */
  readonly why?: boolean;
  /** What to scroll to. */
  readonly heading?: string;
}

const BUSY: readonly Picture[] = [
  { name: "busy", context: { viewport: DESKTOP, colorScheme: "light" }, whole: true },
  { name: "dark", context: { viewport: DESKTOP, colorScheme: "dark" }, whole: true },
  { name: "phone", context: PHONE },
  { name: "phone-waiting", context: PHONE, heading: "Waiting" },
  { name: "why", context: { viewport: DESKTOP, colorScheme: "light" }, why: true },
];

async function take(browser: Browser, url: string, folder: string, picture: Picture): Promise<void> {
  const context = await browser.newContext(picture.context);
  await context.addInitScript((key) => sessionStorage.setItem("headgate-key", key), KEYS.admin);
  const page = await context.newPage();
  await page.goto(`${url}/headgate/`);
  await page.getByText("Live", { exact: true }).waitFor();
  if (picture.why === true) {
    await page.locator(".waiting .name").nth(3).click();
    await page.locator("dialog .why").waitFor();
  }
  if (picture.heading !== undefined) {
    await page.getByRole("heading", { name: picture.heading }).scrollIntoViewIfNeeded();
  }
  // The charts have their own frames.
  await pause(1_000);
  await page.screenshot({ path: join(folder, `${picture.name}.png`), fullPage: picture.whole === true });
  await context.close();
}

const { values } = parseArgs({
  options: { folder: { type: "string", default: "screenshots" }, document: { type: "boolean", default: false } },
});
const path = chromiumPath();
if (path === undefined) throw new Error("no Chromium was found: install it, or name it in HEADGATE_CHROMIUM");
const folder = values.document ? join(root, "docs/images") : values.folder;
mkdirSync(folder, { recursive: true });
await buildDashboard();
const browser = await chromium.launch({ executablePath: path });
const load = await MixedLoad.start();
try {
  if (!values.document) await take(browser, load.url, folder, { name: "idle", context: { viewport: DESKTOP } });
  load.begin();
  await pause(BUSY_MS);
  const document: Picture = {
    name: "dashboard",
    context: { viewport: { width: 1280, height: 860 }, colorScheme: "light" },
  };
  for (const picture of values.document ? [document] : BUSY) await take(browser, load.url, folder, picture);
  if (!values.document) {
    load.fail();
    await pause(6_000);
    await take(browser, load.url, folder, { name: "trouble", context: { viewport: DESKTOP, colorScheme: "dark" } });
  }
} finally {
  await load.end();
  await browser.close();
}
console.log(`written to ${folder}`);
