import assert from "node:assert/strict";
import { buffer } from "node:stream/consumers";
import { describe, it } from "node:test";
import type { Blobs } from "../../src/store/blobs.ts";
import { BACKENDS } from "./backends.ts";

async function write(blobs: Blobs, name: string, ...chunks: readonly string[]): Promise<number> {
  const writer = await blobs.create(name);
  for (const chunk of chunks) await writer.write(Buffer.from(chunk));
  return writer.commit();
}

async function textOf(
  blobs: Blobs,
  name: string,
  range?: { readonly start: number; readonly end: number },
): Promise<string> {
  return String(await buffer(await blobs.read(name, range)));
}

async function namesOf(blobs: Blobs): Promise<string[]> {
  return (await blobs.list()).map(({ name }) => name).sort();
}

for (const backend of BACKENDS) {
  describe(`blobs of a store ${backend.name}`, () => {
    it("a blob reads as it was written, whole, in part, and for the next owner", async () => {
      await using opened = backend.open();
      const { blobs } = opened;
      assert.equal(await write(blobs, "a", "hello ", "", "wörld"), 12);
      assert.equal(await textOf(blobs, "a"), "hello wörld");
      assert.equal(await textOf(blobs, "a", { start: 2, end: 5 }), "llo");
      assert.equal(await textOf(blobs, "a", { start: 0, end: 12 }), "hello wörld");
      assert.equal(await textOf(blobs, "a", { start: 5, end: 5 }), "");
      assert.equal(String(await blobs.slice("a", 6, 100)), "wörld");
      assert.equal(String(await blobs.slice("a", 0, 5)), "hello");
      assert.equal((await blobs.slice("a", 50, 5)).length, 0);
      await using next = await opened.reopen();
      assert.equal(await textOf(next.blobs, "a"), "hello wörld");
    });

    it("an empty blob is a blob", async () => {
      await using opened = backend.open();
      assert.equal(await write(opened.blobs, "empty"), 0);
      assert.equal(await textOf(opened.blobs, "empty"), "");
      assert.deepEqual(await namesOf(opened.blobs), ["empty"]);
    });

    it("a blob is not there before it is committed, nor after it was discarded", async () => {
      await using opened = backend.open();
      const { blobs } = opened;
      const writer = await blobs.create("a");
      await writer.write(Buffer.from("half"));
      await assert.rejects(blobs.read("a"));
      assert.deepEqual(await namesOf(blobs), []);
      await writer.discard();
      await writer.discard();
      await assert.rejects(blobs.slice("a", 0, 1));
      await assert.rejects(writer.write(Buffer.from("more")));
      await assert.rejects(writer.commit());
    });

    it("writing a name again replaces it at the commit, as a whole", async () => {
      await using opened = backend.open();
      const { blobs } = opened;
      await write(blobs, "a", "a long first one");
      const writer = await blobs.create("a");
      await writer.write(Buffer.from("short"));
      assert.equal(await textOf(blobs, "a"), "a long first one");
      await writer.commit();
      await writer.discard();
      assert.equal(await textOf(blobs, "a"), "short");
    });

    it("two writers of one name do not mix, and the later commit stays", async () => {
      await using opened = backend.open();
      const { blobs } = opened;
      const [one, two] = [await blobs.create("a"), await blobs.create("a")];
      await one.write(Buffer.from("11"));
      await two.write(Buffer.from("2222"));
      await one.write(Buffer.from("11"));
      await two.commit();
      await one.commit();
      assert.equal(await textOf(blobs, "a"), "1111");
      assert.deepEqual(await namesOf(blobs), ["a"]);
    });

    it("a removed blob is gone, and removing it again has no effect", async () => {
      await using opened = backend.open();
      const { blobs } = opened;
      await blobs.remove("never-there");
      await write(blobs, "a", "x");
      await write(blobs, "b", "y");
      await blobs.remove("a");
      await blobs.remove("a");
      assert.deepEqual(await namesOf(blobs), ["b"]);
      for (const { ageMs } of await blobs.list()) assert.ok(ageMs >= 0 && ageMs < 600_000);
    });

    it("a name that could lead elsewhere is refused", async () => {
      await using opened = backend.open();
      const { blobs } = opened;
      for (const name of ["", ".", "..", "a/b", "../a", "a.part", "a\\b", "a\0b", "ä", "a\n", "x".repeat(201)]) {
        await assert.rejects(blobs.create(name), RangeError, name);
        await assert.rejects(blobs.read(name), RangeError, name);
        await assert.rejects(blobs.slice(name, 0, 1), RangeError, name);
        await assert.rejects(blobs.remove(name), RangeError, name);
      }
    });
  });
}
