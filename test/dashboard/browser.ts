import assert from "node:assert/strict";
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from "playwright-core";
import { buildDashboard } from "../../scripts/dashboard.ts";
import { chromiumPath } from "./chromium.ts";

/** A browser says this of every answer that is no success; some tests want such answers. */
const REFUSED = /^Failed to load resource/;

export interface VisitOptions extends BrowserContextOptions {
  /** As one who was there before in this tab. */
  readonly key?: string;
  /** What is behind `/headgate/`: the gate. */
  readonly gate?: string;
}

/** A real browser, for the tests of one file. */
export class TestBrowser implements AsyncDisposable {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async launch(): Promise<TestBrowser> {
    await buildDashboard();
    const args = ["--disable-dev-shm-usage"];
    return new TestBrowser(await chromium.launch({ executablePath: chromiumPath()!, args, chromiumSandbox: false }));
  }

  /** Opens the dashboard of the gateway at `url`, as somebody who was never there. */
  async visit(url: string, { key, gate, ...options }: VisitOptions = {}): Promise<Visit> {
    // A picture that flows costs more than all the rest, and no test looks at how it flows.
    const context = await this.#browser.newContext({ reducedMotion: "reduce", ...options });
    if (key !== undefined)
      await context.addInitScript(`sessionStorage.setItem("headgate-key", ${JSON.stringify(key)})`);
    const page = await context.newPage();
    const visit = new Visit(context, page, url);
    await page.goto(`${url}/headgate/${gate === undefined ? "" : `#${gate}`}`);
    return visit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

/**
 * One visit to the dashboard. When it is over, the page must not have failed anywhere, nor broken its own policy, nor asked any
 * other address for anything.
 */
export class Visit implements AsyncDisposable {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly #complaints: string[] = [];

  constructor(context: BrowserContext, page: Page, url: string) {
    this.context = context;
    this.page = page;
    page.on("pageerror", (error) => this.#complaints.push(String(error)));
    page.on("console", (message) => {
      const text = message.text();
      if (["error", "warning"].includes(message.type()) && !REFUSED.test(text)) this.#complaints.push(text);
    });
    page.on("request", (request) => {
      if (!request.url().startsWith(`${url}/`)) this.#complaints.push(`asked ${request.url()}`);
    });
  }

  /** Resolves once the page shows what is now. */
  async live(): Promise<void> {
    await this.page.getByText("Live", { exact: true }).waitFor();
  }

  /** The rows of the table with that heading. */
  rows(heading: string): ReturnType<Page["locator"]> {
    return this.page.getByRole("table", { name: new RegExp(`^${heading}`) }).locator("tbody tr:not(.empty)");
  }

  /** Resolves once that table has so many rows. */
  async hasRows(heading: string, count: number): Promise<void> {
    const rows = this.rows(heading);
    if (count > 0) await rows.nth(count - 1).waitFor();
    await rows.nth(count).waitFor({ state: "detached" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.context.close();
    assert.deepEqual(this.#complaints, []);
  }
}
