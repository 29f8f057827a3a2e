import { readFile } from "node:fs/promises";
import type { FastifyPluginAsync, FastifyReply } from "fastify";
import { Refused } from "../refused.ts";

/** Where the build puts the page: below the package's root, whether this runs from the sources or was built itself. */
const FOLDER = new URL("../../../dist/dashboard/", import.meta.url);

/** Everything there is to the page, and nothing else of that folder. */
const FILES: Readonly<Record<string, readonly [file: string, type: string]>> = {
  "/headgate/": ["index.html", "text/html; charset=utf-8"],
  "/headgate/dashboard.js": ["dashboard.js", "text/javascript; charset=utf-8"],
  "/headgate/dashboard.css": ["dashboard.css", "text/css; charset=utf-8"],
  "/headgate/icon.svg": ["icon.svg", "image/svg+xml"],
};

/** Nothing from elsewhere, nothing inline, and no page around it that could make somebody click. */
const HEADERS = {
  "Content-Security-Policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; "),
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  // With an upgrade of the gateway the page must be another.
  "Cache-Control": "no-cache",
};

const NOT_BUILT =
  "the dashboard has not been built, everything else works: run npm run build:dashboard in Headgate's folder, and load this page again";

/**
 * The page at `/headgate/`. It needs no key: it holds nothing, and asks for everything by the routes that do need one.
 */
export function dashboardRoutes(folder: URL = FOLDER): FastifyPluginAsync {
  return async (app) => {
    app.get("/headgate", async (_request, reply) => reply.redirect("/headgate/", 308));
    for (const [path, [file, type]] of Object.entries(FILES)) {
      app.get(path, async (_request, reply) => answerFile(reply, new URL(file, folder), type));
    }
  };
}

async function answerFile(reply: FastifyReply, file: URL, type: string): Promise<FastifyReply> {
  const content = await readFile(file).catch(() => {
    throw new Refused("refused", { status: 503, code: "not_built", message: NOT_BUILT });
  });
  return reply.headers(HEADERS).type(type).send(content);
}
