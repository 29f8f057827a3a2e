import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { FrameReader, lastFrames, namedFrame } from "../../bench/gateway/frames.ts";
import { HttpReader } from "../../bench/gateway/http-reader.ts";
import { formulaMean, idealMean, idealWaits, leastWaits, poissonArrivals } from "../../bench/gateway/ideal.ts";
import { gaps } from "../../bench/gateway/idle.ts";
import { JSON_ANSWER } from "../../bench/gateway/requests.ts";
import { mean, quantile } from "../../src/cli/bench/statistics.ts";

describe("the ideal rule", () => {
  it("lets the foreground wait for the running job and for the foreground before it, and for nothing else", () => {
    const load = { arrivals: [10, 20, 130, 131], serviceMs: 20, backgroundMs: 60 };
    // Background to 60; two of the foreground to 100; background to 160; two of the foreground to 200.
    assert.deepEqual(idealWaits(load, 60), [50, 60, 30, 49]);
  });

  it("starts nobody before its arrival", () => {
    assert.deepEqual(idealWaits({ arrivals: [0, 1000], serviceMs: 5, backgroundMs: 10 }, 0), [0, 5]);
  });

  for (const [perSecond, serviceMs, backgroundMs] of [
    [8, 20, 60],
    [20, 20, 60],
    [5, 100, 10],
  ] as const) {
    it(`has the mean of the formula: ${perSecond}/s of ${serviceMs} ms over ${backgroundMs} ms`, () => {
      const arrivals = poissonArrivals(perSecond, 300_000_000 / perSecond, 1);
      const waited = mean(idealWaits({ arrivals, serviceMs, backgroundMs }, 0));
      const expected = formulaMean(perSecond, serviceMs, backgroundMs);
      assert.ok(Math.abs(waited / expected - 1) < 0.02, `${waited} is not near ${expected}`);
    });
  }

  it("has one mean for a few arrivals, over all phases of the background", () => {
    // Alone, the newcomer waits for half a job; a tenth of a millisecond is the grain of the phases.
    const load = { arrivals: [500], serviceMs: 20, backgroundMs: 60 };
    assert.ok(Math.abs(idealMean(load) - 30) < 0.5);
  });
});

describe("arrivals", () => {
  it("are the same for everybody, come at their rate and end in time", () => {
    const arrivals = poissonArrivals(20, 100_000, 7);
    assert.deepEqual(arrivals, poissonArrivals(20, 100_000, 7));
    assert.ok(Math.abs(arrivals.length - 2000) < 150);
    assert.ok(arrivals.every((moment, index) => moment < 100_000 && moment >= (arrivals[index - 1] ?? 0)));
  });
});

describe("the least that could be waited", () => {
  const job = (name: string, startedAt: number, endedAt: number) => ({
    name,
    arrivedAt: startedAt,
    startedAt,
    endedAt,
  });

  it("is the rest of the running job and the foreground before, as they should have taken", () => {
    // The background job was to take 60 and took 65; both of the foreground came at its halftime.
    const served = [job("background", 0, 65), job("0", 66, 86), job("1", 87, 107)];
    const passages = [
      { sentAt: 30, startedAt: 66 },
      { sentAt: 31, startedAt: 87 },
    ];
    const service = ({ name }: { name: string }): number => (name === "background" ? 60 : 20);
    assert.deepEqual(leastWaits(served, service, passages, 20), [30, 49]);
  });

  it("is nothing while the slot is free or late", () => {
    const served = [job("background", 0, 65), job("0", 66, 86)];
    assert.deepEqual(
      leastWaits(served, () => 60, [{ sentAt: 63, startedAt: 66 }], 20),
      [0],
    );
    assert.deepEqual(
      leastWaits(served, () => 60, [{ sentAt: -5, startedAt: 66 }], 20),
      [0],
    );
  });
});

describe("the idle slot", () => {
  it("is counted from the end of a job to the arrival of the next", () => {
    const served = [
      { name: "a", arrivedAt: 0, startedAt: 0, endedAt: 10 },
      { name: "b", arrivedAt: 11, startedAt: 11, endedAt: 20 },
      { name: "c", arrivedAt: 22.5, startedAt: 23, endedAt: 30 },
    ];
    assert.deepEqual(gaps(served), [1, 2.5]);
  });
});

describe("a quantile", () => {
  it("is a value that was there", () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    assert.deepEqual([quantile(values, 0.5), quantile(values, 0.99), quantile(values, 1)], [50, 99, 100]);
    assert.equal(quantile([7], 0.99), 7);
    assert.throws(() => quantile([], 0.5), RangeError);
  });
});

describe("the benchmark's HTTP", () => {
  const messages = Buffer.concat([
    Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
    Buffer.from("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n"),
    Buffer.from("HTTP/1.1 204 No Content\r\n\r\n"),
    Buffer.from("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"),
  ]);
  const expected = [
    "HTTP/1.1 200 OK: hello",
    "HTTP/1.1 200 OK: abc0123456789abcdef",
    "HTTP/1.1 204 No Content: ",
    "POST / HTTP/1.1: ",
  ];

  function read(pieces: readonly Buffer[]): string[] {
    const seen: string[] = [];
    let message = "";
    const reader = new HttpReader({
      head: (text) => {
        message = `${text.split("\r\n")[0]}: `;
      },
      body: (bytes) => {
        message += bytes.toString();
      },
      end: () => seen.push(message),
    });
    for (const piece of pieces) reader.push(piece);
    return seen;
  }

  it("reads messages wherever they are cut", () => {
    assert.deepEqual(read([messages]), expected);
    assert.deepEqual(read([...messages].map((byte) => Buffer.from([byte]))), expected);
    for (let cut = 1; cut < messages.length; cut++) {
      assert.deepEqual(read([messages.subarray(0, cut), messages.subarray(cut)]), expected);
    }
  });

  it("reads the tokens of frames wherever they are cut", () => {
    const stream = Buffer.concat([namedFrame("17"), namedFrame("12345678.123456"), lastFrames()]);
    for (let cut = 0; cut < stream.length; cut++) {
      const tokens: number[] = [];
      const reader = new FrameReader((token) => tokens.push(Number(token)));
      reader.push(stream.subarray(0, cut));
      reader.push(stream.subarray(cut));
      assert.deepEqual(tokens, [17, 12_345_678.123456]);
    }
  });

  it("answers with 200 bytes of JSON", () => {
    assert.equal(JSON_ANSWER.length, 200);
    assert.equal((JSON.parse(JSON_ANSWER.toString()) as { object: string }).object, "chat.completion");
  });
});
