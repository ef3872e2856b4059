import assert from "node:assert/strict";
import { test } from "node:test";
import { isRage } from "../src/clicks";
import { markUsable } from "../src/commands";
import { config, configure, mayMeasure } from "../src/config";
import { errorFacts, fileError } from "../src/errors";
import { randomId, share } from "../src/id";
import { isOwn } from "../src/requests";
import { KEY, session as sessionNow } from "../src/session";
import { addTiming } from "../src/timings";
import { installStorage, viewWith } from "./view";

/** The session at a moment, unix ms. */
const session = (time: number): string => {
  Date.now = () => time;
  return sessionNow();
};

const script = "https://felt.example/beacon.js";

test("settings come from the script element; without a site there is no beacon", () => {
  assert.throws(() => configure({}, script));
  configure({ site: "shop" }, script);
  assert.deepEqual(config, { _endpoint: "https://felt.example/v1/beacon?site=shop", _base: script, _sample: 1, _open: true, _keeps: false, _session: true });
  configure({ site: "a&b", endpoint: "https://in.example/x?y=1", sample: "0.25", consent: "given", storage: "none" }, script);
  assert.deepEqual(config, { _endpoint: "https://in.example/x?y=1&site=a%26b", _base: script, _sample: 0.25, _open: true, _keeps: true, _session: false });
  configure({ site: "shop", consent: "required" }, script);
  assert.deepEqual([config._open, config._keeps, config._session], [false, false, false]);
  configure({ site: "shop" }, script);
});

test("Global Privacy Control and Do Not Track mean no, unless the site overrules them", () => {
  for (const [wishes, allowed] of [
    [{}, true],
    [{ globalPrivacyControl: false, doNotTrack: "0" }, true],
    [{ doNotTrack: null }, true],
    [{ globalPrivacyControl: true }, false],
    [{ doNotTrack: "1" }, false],
  ] as const) {
    assert.equal(mayMeasure({}, wishes), allowed);
    assert.equal(mayMeasure({ privacySignals: "ignore" }, wishes), true);
  }
});

test("ids are long, of safe characters, and spread evenly over the sample", () => {
  const ids = Array.from({ length: 2_000 }, randomId);
  assert.equal(new Set(ids).size, ids.length);
  assert.ok(ids.every((id) => /^[0-9]{8,64}$/.test(id)));
  const tenth = ids.filter((id) => share(id) < 0.1).length;
  assert.ok(tenth > 130 && tenth < 270, `${tenth} of 2,000`);
});

test("a session lasts until half an hour has passed without a view, also on the next page", () => {
  const stored = installStorage("sessionStorage");
  const id = session(100_000_000);
  assert.match(id, /^[\w-]{8,64}$/);
  assert.equal(session(100_000_000 + 29 * 60_000), id);
  assert.equal(stored[KEY], `${id} ${100_000_000 + 29 * 60_000}`);
  assert.equal(session(100_000_000 + 58 * 60_000), id);
  assert.notEqual(session(100_000_000 + 89 * 60_000), id);
  stored[KEY] = "another 200000000";
  assert.equal(session(200_000_001), "another");
  stored[KEY] = "nonsense";
  assert.match(session(200_000_002), /^[0-9]{8,64}$/);
});

test("without storage, or against the site's will, the session is this document", () => {
  installStorage("sessionStorage", true);
  assert.equal(session(300_000_001), session(300_000_002));
  const stored = installStorage("sessionStorage");
  config._session = false;
  assert.equal(session(300_000_003), session(300_000_004));
  assert.deepEqual(stored, {});
  config._session = true;
});

test("anything can be thrown", () => {
  for (const [thrown, message] of [
    [new TypeError("broke at https://a.example/?token=s3cr3t"), "TypeError: broke at https://a.example/"],
    ["a string", "a string"],
    [undefined, "undefined"],
    [null, "null"],
    [{ code: 7 }, "[object Object]"],
  ] as const) {
    assert.equal(errorFacts(thrown).message, message);
  }
});

test("the same error is sent once a view", () => {
  const view = viewWith();
  const facts = { message: "x", stack: "at a", source: "" };
  for (let n = 0; n < 5; n++) fileError(view, facts);
  fileError(view, { ...facts, stack: "at b" });
  assert.equal(view._wire.events.length, 2);
});

test("own requests are known by their address, whatever the query", () => {
  const endpoint = "https://felt.example/v1/beacon?site=shop";
  assert.ok(isOwn("https://felt.example/v1/beacon?site=shop&x", endpoint));
  assert.ok(!isOwn("https://felt.example/v1/other", endpoint));
});

test("three presses on one spot within a second are rage, once", () => {
  const at = (time: number, x = 10) => ({ timeStamp: time, clientX: x, clientY: 10 });
  assert.deepEqual([0, 200, 400, 600, 800].map((time) => isRage(at(time), -1)), [false, false, true, false, false]);
  assert.deepEqual([5_000, 5_100, 5_200].map((time) => isRage(at(time), -1)), [false, false, true], "a new burst is new rage");
});

test("presses that are slow, apart, or answered are no rage", () => {
  const at = (time: number, x = 1) => ({ timeStamp: time, clientX: x, clientY: 1 });
  assert.ok([10_000, 10_600, 11_200, 11_800].every((time) => !isRage(at(time), -1)));
  assert.ok([20_000, 20_100, 20_200, 20_300].every((time, n) => !isRage(at(time, n * 100), -1)));
  assert.ok([30_000, 30_100, 30_200, 30_300].every((time) => !isRage(at(time), time - 50)));
});

test("timings are numbers that can be, readiness counts once and only when someone could see it", () => {
  const view = viewWith();
  for (const value of [NaN, -1]) addTiming(view, "x", value, 1);
  addTiming(view, "", 5, 1);
  assert.deepEqual(view._wire.events, []);
  addTiming(view, "login_to_play", 8_123, 8_200);
  assert.deepEqual(view._wire.events, [{ type: "timing", at: 8_200, name: "login_to_play", value: 8_123 }]);
  markUsable(2_200, view);
  markUsable(3_000, view);
  assert.equal(view._wire.metrics["usable"], 2_200);
  const hidden = viewWith({ _hidden: 1_000 });
  markUsable(1_500, hidden);
  assert.equal(hidden._wire.metrics["usable"], undefined);
});
