import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dataDirectory } from "../../src/store/data-directory.ts";

describe("the platform's data directory", () => {
  it("is where the platform keeps the data of applications", () => {
    assert.equal(dataDirectory("darwin", {}, "/Users/anna"), "/Users/anna/Library/Application Support/Headgate");
    assert.equal(dataDirectory("linux", {}, "/home/anna"), "/home/anna/.local/share/headgate");
    assert.equal(dataDirectory("linux", { XDG_DATA_HOME: "/data" }, "/home/anna"), "/data/headgate");
    assert.equal(dataDirectory("win32", {}, "C:\\Users\\anna"), "C:\\Users\\anna\\AppData\\Local\\Headgate");
    assert.equal(dataDirectory("win32", { LOCALAPPDATA: "D:\\Local" }, "C:\\Users\\anna"), "D:\\Local\\Headgate");
  });

  it("is never relative, whatever the environment says", () => {
    for (const XDG_DATA_HOME of ["", "relative", "./here"]) {
      assert.equal(dataDirectory("linux", { XDG_DATA_HOME }, "/home/anna"), "/home/anna/.local/share/headgate");
    }
    assert.equal(
      dataDirectory("win32", { LOCALAPPDATA: "" }, "C:\\Users\\anna"),
      "C:\\Users\\anna\\AppData\\Local\\Headgate",
    );
  });
});
