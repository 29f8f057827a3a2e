import { existsSync } from "node:fs";

/** Where Debian and others put it. */
const USUAL = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The browser for tests of the dashboard: the one that HEADGATE_CHROMIUM names, else one of the usual. */
export function chromiumPath(): string | undefined {
  const named = process.env["HEADGATE_CHROMIUM"];
  return [named, ...USUAL].find((path) => path !== undefined && existsSync(path));
}
