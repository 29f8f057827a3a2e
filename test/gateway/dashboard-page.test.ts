import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { tmpdir } from "node:os";
import { before, describe, test } from "node:test";
import Fastify from "fastify";
import { pino } from "pino";
import { buildDashboard } from "../../scripts/dashboard.ts";
import { answerErrors } from "../../src/gateway/control/control-errors.ts";
import { dashboardRoutes } from "../../src/gateway/control/dashboard.ts";
import { startGateway } from "../support/gateway.ts";
import { KEYS } from "./control-scene.ts";

describe("GET /headgate/", () => {
  before(buildDashboard);

  test("is the page, and everything it names is there, without a key", async () => {
    await using it = await startGateway({ server: null, config: KEYS });
    const page = await it.get("/headgate/");
    assert.equal(page.status, 200);
    assert.match(page.headers.get("content-type")!, /^text\/html/);
    const named = [...(await page.text()).matchAll(/(?:src|href)="([^"]+)"/g)].map(([, name]) => name!);
    assert.equal(named.length, 3);
    for (const name of named) {
      const answer = await it.get(`/headgate/${name}`);
      assert.equal(answer.status, 200, name);
      assert.ok((await answer.text()).length > 100, name);
    }
  });

  test("allows nothing from elsewhere, nothing inline, no frame around it and no guess at types", async () => {
    await using it = await startGateway({ server: null });
    const { headers } = await it.get("/headgate/");
    const policy = headers.get("content-security-policy")!;
    assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe|\*|https?:/);
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("referrer-policy"), "no-referrer");
  });

  test("without its slash leads there, so that what it names is found", async () => {
    await using it = await startGateway({ server: null });
    const answer = await fetch(`${it.url}/headgate`, { redirect: "manual" });
    assert.deepEqual([answer.status, answer.headers.get("location")], [308, "/headgate/"]);
  });

  test("names the remedy where the page was not built", async () => {
    const app = Fastify();
    answerErrors(app, pino({ level: "silent" }));
    await app.register(dashboardRoutes(pathToFileURL(`${tmpdir()}/there-is-nothing-here/`)));
    const answer = await app.inject("/headgate/");
    assert.equal(answer.statusCode, 503);
    assert.match(answer.body, /npm run build:dashboard/);
    await app.close();
  });

  test("serves no other file, whatever the path", async () => {
    await using it = await startGateway({ server: null });
    for (const path of ["/headgate/package.json", "/headgate/..%2f..%2fpackage.json", "/headgate/main.tsx"]) {
      assert.equal((await it.get(path)).status, 404, path);
    }
  });
});
