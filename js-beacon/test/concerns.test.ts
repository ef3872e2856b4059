import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfig } from "../src/config";
import { errorFacts, fileError } from "../src/errors";
import { randomId, share } from "../src/id";
import { Kept } from "../src/kept";
import { mayMeasure } from "../src/privacy";
import { Rage } from "../src/rage_clicks";
import { isOwn } from "../src/requests";
import { createSession } from "../src/session";
import { addTiming, markUsable } from "../src/timings";
import { viewWith } from "./view";

const script = "https://felt.example/beacon.js";

/** Storage in memory; `broken` throws at every touch, as browsers do where the visitor blocks it. */
function storage(broken = false) {
  const items = new Map<string, string>();
  const touch = <T>(value: T): T => {
    if (broken) throw new Error("denied");
    return value;
  };
  return {
    getItem: (key: string) => touch(items.get(key) ?? null),
    setItem: (key: string, value: string) => void touch(items.set(key, value)),
    removeItem: (key: string) => void touch(items.delete(key)),
  };
}

test("settings come from the script element; without a site there is no beacon", () => {
  assert.equal(readConfig({}, script), undefined);
  assert.deepEqual(readConfig({ site: "shop" }, script), {
    site: "shop",
    endpoint: "https://felt.example/v1/beacon?site=shop",
    release: undefined,
    route: undefined,
    sample: 1,
    query: [],
    measurePrefix: "felt:",
    honourPrivacySignals: true,
  });
  const config = readConfig({ site: "a&b", endpoint: "https://in.example/x?y=1", sample: "0.25", query: "q, utm_source", privacySignals: "ignore" }, script);
  assert.equal(config?.endpoint, "https://in.example/x?y=1&site=a%26b");
  assert.equal(config?.sample, 0.25);
  assert.deepEqual(config?.query, ["q", "utm_source"]);
  assert.equal(config?.honourPrivacySignals, false);
  assert.equal(readConfig({ site: "shop", sample: "many" }, script)?.sample, 1);
});

test("Global Privacy Control and Do Not Track mean no, unless the site overrules them", () => {
  for (const [wishes, allowed] of [
    [{}, true],
    [{ globalPrivacyControl: false, doNotTrack: "0" }, true],
    [{ doNotTrack: null }, true],
    [{ globalPrivacyControl: true }, false],
    [{ doNotTrack: "1" }, false],
  ] as const) {
    assert.equal(mayMeasure({ honourPrivacySignals: true }, wishes), allowed);
    assert.equal(mayMeasure({ honourPrivacySignals: false }, wishes), true);
  }
});

test("ids are long, of safe characters, and spread evenly over the sample", () => {
  const ids = Array.from({ length: 2_000 }, randomId);
  assert.equal(new Set(ids).size, ids.length);
  assert.ok(ids.every((id) => /^[0-9a-v]{20}$/.test(id)));
  const tenth = ids.filter((id) => share(id) < 0.1).length;
  assert.ok(tenth > 130 && tenth < 270, `${tenth} of 2,000`);
});

test("a session lasts until half an hour has passed without a view", () => {
  const tab = storage();
  const session = createSession(tab);
  const id = session(1_000_000);
  assert.equal(session(1_000_000 + 29 * 60_000), id);
  assert.equal(createSession(tab)(1_000_000 + 58 * 60_000), id, "also on the next page");
  assert.notEqual(session(1_000_000 + 89 * 60_000), id);
});

test("without storage, or with nonsense in it, there is a session all the same", () => {
  for (const tab of [undefined, storage(true)]) {
    const session = createSession(tab);
    assert.equal(session(1), session(2));
    assert.match(session(3), /^[\w-]{8,64}$/);
  }
  const tab = storage();
  tab.setItem("felt.session", "<script> 5");
  assert.match(createSession(tab)(10), /^[0-9a-v]{20}$/);
});

test("what is kept grows older while it waits, and says that it is a further attempt", () => {
  const tab = storage();
  new Kept(tab).add('[{"view":"a","age":100,"attempt":0},{"view":"b","age":200,"attempt":1}]', 1_000);
  const kept = new Kept(tab);
  assert.deepEqual(kept.takeAll(61_000), ['[{"view":"a","age":60100,"attempt":1},{"view":"b","age":60200,"attempt":2}]']);
  assert.deepEqual(kept.takeAll(61_000), []);
  assert.equal(tab.getItem("felt.kept"), null);
});

test("what is too old, was tried too often, or is not ours is let go", () => {
  const tab = storage();
  tab.setItem("felt.kept", '[{"body":"{\\"age\\":1,\\"attempt\\":4}","at":5},{"body":"nonsense","at":5},7,{"body":"{\\"age\\":1,\\"attempt\\":0}","at":5}]');
  assert.deepEqual(new Kept(tab).takeAll(10), ['[{"age":6,"attempt":1}]']);
  const old = new Kept(undefined);
  old.add('{"age":1,"attempt":0}', 0);
  assert.deepEqual(old.takeAll(25 * 3_600_000), []);
});

test("what is kept is bounded: the oldest make room", () => {
  const kept = new Kept(storage(true));
  for (let n = 0; n < 10; n++) kept.add(JSON.stringify({ n, age: 0, attempt: 0, text: "x".repeat(9_000) }), n + 1);
  assert.deepEqual(kept.takeAll(20).map((body) => JSON.parse(body)[0].n), [7, 8, 9]);
});

test("anything can be thrown", () => {
  const throws = { get message() { throw new Error("no"); } };
  for (const [thrown, message] of [
    [new TypeError("broke at https://a.example/?token=s3cr3t"), "TypeError: broke at https://a.example/"],
    ["a string", "a string"],
    [undefined, "undefined"],
    [null, "null"],
    [{ code: 7 }, "[object Object]"],
    [throws, "unknown"],
  ] as const) {
    assert.equal(errorFacts(thrown).message, message);
  }
});

test("the same error is sent once a view", () => {
  const view = viewWith();
  const facts = { message: "x", stack: "at a", source: "" };
  for (let n = 0; n < 5; n++) fileError(view, n, facts);
  fileError(view, 6, { ...facts, stack: "at b" });
  assert.equal(view.events.length, 2);
});

test("own requests are known by their address, whatever the query", () => {
  const endpoint = "https://felt.example/v1/beacon?site=shop";
  assert.ok(isOwn("https://felt.example/v1/beacon?site=shop&x", endpoint));
  assert.ok(!isOwn("https://felt.example/v1/other", endpoint));
});

test("three presses on one spot within a second are rage, once", () => {
  const at = (time: number, x = 10) => ({ at: time, x, y: 10 });
  const rage = new Rage();
  assert.deepEqual([0, 200, 400, 600, 800].map((time) => rage.press(at(time), -1)), [false, false, true, false, false]);
  assert.deepEqual([5_000, 5_100, 5_200].map((time) => rage.press(at(time), -1)), [false, false, true], "a new burst is new rage");
});

test("presses that are slow, apart, or answered are no rage", () => {
  const slow = new Rage();
  assert.ok([0, 600, 1_200, 1_800].every((time) => !slow.press({ at: time, x: 1, y: 1 }, -1)));
  const apart = new Rage();
  assert.ok([0, 100, 200, 300].every((time) => !apart.press({ at: time, x: time, y: 1 }, -1)));
  const answered = new Rage();
  assert.ok([0, 100, 200, 300].every((time) => !answered.press({ at: time, x: 1, y: 1 }, time - 50)));
});

test("timings are numbers that can be, readiness counts once and only when someone could see it", () => {
  const view = viewWith();
  for (const value of [NaN, -1, Infinity]) addTiming(view, "x", 1, value);
  addTiming(view, "", 1, 5);
  assert.deepEqual(view.events, []);
  addTiming(view, "login_to_play", 8_200, 8_123);
  assert.deepEqual(view.events, [{ type: "timing", at: 8_200, name: "login_to_play", value: 8_123 }]);
  markUsable(view, 2_200);
  markUsable(view, 3_000);
  assert.equal(view.metrics.usable, 2_200);
  const hidden = viewWith({ firstHidden: 1_000 });
  markUsable(hidden, 1_500);
  assert.equal(hidden.metrics.usable, undefined);
});
