import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ServiceTimes } from "../../src/gateway/service-times.ts";

describe("service times", () => {
  it("before the first request ended nothing is foretold, and nobody is asked back at once", () => {
    const times = new ServiceTimes();
    assert.equal(times.etaMs(1, 1), undefined);
    assert.equal(times.retryAfterSeconds(10_000, 1), 5);
  });

  it("an estimate grows with the position and shrinks with the permits", () => {
    const times = new ServiceTimes();
    times.record(2000);
    assert.equal(times.etaMs(1, 1), 2000);
    assert.equal(times.etaMs(6, 1), 12_000);
    assert.equal(times.etaMs(6, 4), 3000);
    assert.equal(times.retryAfterSeconds(5, 1), 12);
  });

  it("while there are no permits there is no estimate", () => {
    const times = new ServiceTimes();
    times.record(2000);
    assert.equal(times.etaMs(1, 0), undefined);
    assert.equal(times.retryAfterSeconds(3, 0), 5);
  });

  it("Retry-After is whole seconds between one and a minute", () => {
    const times = new ServiceTimes();
    times.record(1);
    assert.equal(times.retryAfterSeconds(0, 1), 1);
    times.record(1_000_000);
    assert.equal(times.retryAfterSeconds(1000, 1), 60);
  });

  it("the mean follows a change within some ten requests, and one outlier does not make it", () => {
    const times = new ServiceTimes();
    for (let n = 0; n < 10; n++) times.record(1000);
    times.record(10_000);
    assert.ok(times.etaMs(1, 1)! < 3000);
    for (let n = 0; n < 10; n++) times.record(10_000);
    assert.ok(times.etaMs(1, 1)! > 9000);
  });
});
