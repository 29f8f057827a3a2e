import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { committedApi, currentApi, differences } from "../../scripts/api-report.ts";
import { surfaceOf } from "../../scripts/declarations.ts";

describe("the API report", () => {
  it("is what the sources declare", () => {
    const found = differences(committedApi(), currentApi());
    assert.deepEqual(found, [], "if the change is meant, run `npm run api` and commit the difference");
  });

  it("shows a file that was added, changed or lost", () => {
    const committed = new Map([
      ["same.d.ts", "1"],
      ["changed.d.ts", "1"],
      ["lost.d.ts", "1"],
    ]);
    const current = new Map([
      ["same.d.ts", "1"],
      ["changed.d.ts", "2"],
      ["added.d.ts", "1"],
    ]);
    assert.deepEqual(differences(committed, current), [
      "added.d.ts is new",
      "changed.d.ts changed",
      "lost.d.ts is gone",
    ]);
  });

  it("holds what an entry exports and the types that those mention, and nothing internal", () => {
    const files = new Map([
      ["index.d.ts", 'export { open } from "./door.ts";\n'],
      [
        "door.d.ts",
        'import type { Handle } from "./handle.ts";\nexport declare function open(): Handle;\nexport declare function internal(): void;\n',
      ],
      ["handle.d.ts", "export interface Handle {\n    turn(): void;\n}\n"],
    ]);
    assert.equal(
      surfaceOf(files, "index.d.ts").text,
      "export declare function open(): Handle;\ninterface Handle {\n    turn(): void;\n}\n",
    );
    const neighbour = { specifier: "headgate", exported: new Map([["Handle", "handle.d.ts"]]) };
    assert.equal(
      surfaceOf(files, "index.d.ts", [neighbour]).text,
      'import { Handle } from "headgate";\nexport declare function open(): Handle;\n',
    );
  });

  it("refuses a declaration that it cannot follow", () => {
    const entry = (text: string) => () => surfaceOf(new Map([["index.d.ts", text]]), "index.d.ts");
    assert.throws(entry('export * from "./all.ts";\n'), /cannot follow/);
    assert.throws(entry('export { a as b } from "./a.ts";\n'), /cannot follow/);
    assert.throws(entry('export declare const a: import("./a.ts").A;\n'), /cannot follow/);
    assert.throws(entry("export default a;\n"), /cannot follow/);
  });
});
