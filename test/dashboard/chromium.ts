import { existsSync } from "node:fs";

/** Where Debian and others put it. */
const USUAL = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The browser for the dashboard's tests and pictures: the one that HEADGATE_CHROMIUM names, else one of the usual. */
export function chromiumPath(): string | undefined {
  const named = process.env["HEADGATE_CHROMIUM"];
  return [named, ...USUAL].find((path) => path !== undefined && existsSync(path));
}

/** Why the page cannot be tested here, if it cannot. */
export function whyNoBrowser(): string | undefined {
  if (chromiumPath() !== undefined) return undefined;
  return "no Chromium, so the dashboard is not tested: apt-get install chromium, or name one in HEADGATE_CHROMIUM";
}
