import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { waitMs } from "../src/backoff";
import { config } from "../src/config";
import { KEPT_CHARS_MAX } from "../src/limits";
import { KEY, sendEarly, sendNow, startSending } from "../src/send";
import { KEY as SESSION } from "../src/session";
import { begin, list } from "../src/views";
import { installStorage } from "./view";

type Sent = { attempt: number; seq: number; view: string; session: string; age: number }[];
let sent: Sent[] = [];
let answers: (() => Promise<unknown>)[] = [];
let timers: { call: () => void; ms: number }[] = [];
let time = 1_800_000_000_000;
let online = true;
const stored = installStorage("localStorage");
const tab = installStorage("sessionStorage");

Object.assign(globalThis, {
  addEventListener: () => {},
  document: { title: "" },
  performance: { now: () => time - 1_799_999_999_000, timeOrigin: 1_799_999_999_000 },
  fetch: (_url: string, { body }: { body: string }) => {
    sent.push(JSON.parse(body));
    return (answers.shift() ?? (() => Promise.resolve({ status: 204 })))();
  },
  setTimeout: (call: () => void, ms: number) => timers.push({ call, ms }),
});
Object.defineProperty(globalThis, "navigator", {
  configurable: true,
  value: {
    get onLine() {
      return online;
    },
    sendBeacon: (_url: string, body: string) => !!sent.push(JSON.parse(body)),
  },
});
Date.now = () => time;

const refused = (status: number, retryAfter?: string) => () =>
  Promise.resolve({ status, headers: { get: (name: string) => (name === "Retry-After" ? (retryAfter ?? null) : null) } });
/** All promises have had their turn. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
/** Lets the time of the last timer pass. */
const wait = (): number => {
  const { call, ms } = timers.pop()!;
  time += ms;
  call();
  return ms;
};

beforeEach(() => {
  [sent, answers, timers, online, list.length] = [[], [], [], true, 0];
  Object.assign(config, { _open: true, _keeps: false, _session: true });
  delete stored[KEY];
});

test("the wait grows, is spread over its whole length, and comes on top of what the server asks", () => {
  assert.deepEqual([0, 1, 2, 3, 9].map((failures) => waitMs(failures, null, 1)), [30_000, 60_000, 120_000, 240_000, 600_000]);
  assert.equal(waitMs(9, undefined, 0), 0);
  assert.equal(waitMs(0, "30", 0.5), 45_000);
  assert.equal(waitMs(0, "Wed, 21 Oct 2026 07:28:00 GMT", 0.5), 15_000, "a date is no number of seconds");
});

test("what was refused comes again, as a further attempt of the same snapshot, after its wait", async () => {
  begin("navigate", 0, "");
  answers = [refused(503, "30"), () => Promise.reject(new TypeError("offline"))];
  sendEarly();
  await settled();
  assert.equal(sent.length, 1);
  assert.ok(timers.at(-1)!.ms >= 30_000, "not before the server said");
  wait();
  await settled();
  assert.equal(sent.length, 2);
  wait();
  await settled();
  const [[first], [second], [third]] = sent as [Sent, Sent, Sent];
  assert.deepEqual([first!.attempt, second!.attempt, third!.attempt], [0, 1, 2]);
  assert.deepEqual([first!.seq, first!.view], [third!.seq, third!.view]);
  assert.ok(third!.age - first!.age >= 30_000, "its age goes on");
  assert.equal(timers.length, 0, "and then it is done");
});

test("what the server will never take is not sent again", async () => {
  for (const status of [400, 403, 413]) {
    list.length = 0;
    begin("navigate", 0, "");
    answers = [refused(status)];
    sendEarly();
    await settled();
  }
  assert.equal(sent.length, 3);
  assert.equal(timers.length, 0);
});

test("nothing changed, nothing sent", () => {
  begin("navigate", 0, "");
  sendNow();
  sendNow();
  assert.equal(sent.length, 1);
});

test("storage is not touched when a view begins, and yet a page that is left at once has the session of its tab", () => {
  tab[SESSION] = `1234567890123 ${time - 1_000}`;
  const before = { ...tab };
  begin("navigate", 0, "");
  assert.deepEqual(tab, before);
  sendNow();
  assert.equal(sent[0]![0]!.session, "1234567890123");
  assert.equal(tab[SESSION], `1234567890123 ${time}`);
});

test("before consent nothing is stored; with it, what cannot be sent waits for the next page, for a day at most", async () => {
  online = false;
  begin("navigate", 0, "");
  sendNow();
  assert.deepEqual(Object.keys(stored), []);
  assert.equal(sent.length, 1, "there is no better place for it than the browser");

  config._keeps = true;
  list.length = 0;
  const { _id } = begin("navigate", 0, "");
  sendNow();
  assert.equal(sent.length, 1);
  assert.match(stored[KEY]!, new RegExp(_id));
  online = true;
  time += 3_600_000;
  startSending();
  assert.match(stored[KEY]!, new RegExp(_id), "this page may be left, too, before there is an answer");
  await settled();
  const last = sent.at(-1)!.find(({ view }) => view === _id)!;
  assert.equal(last.attempt, 1);
  assert.ok(last.age >= 3_600_000);
  assert.equal(stored[KEY], undefined);

  stored[KEY] = JSON.stringify([["old", 0, 0, time - 86_400_001, "{}"]]);
  const before = sent.length;
  startSending();
  assert.equal(sent.length, before);
  assert.equal(stored[KEY], undefined);
});

test("while the server has its peace, what may not be kept goes along whenever the page is hidden", async () => {
  const refusedView = begin("navigate", 0, "")._id;
  answers = [refused(503, "30")];
  sendEarly();
  await settled();
  const { _id } = begin("soft", 10, "");
  sendNow();
  assert.deepEqual(sent.at(-1)!.map(({ view }) => view), [refusedView, _id]);
});

test("nonsense in storage is not ours", () => {
  config._keeps = true;
  for (const nonsense of ["7", "{", "[1]", '"x"', "null"]) {
    stored[KEY] = nonsense;
    startSending();
  }
  assert.deepEqual(sent, []);
});

test("what is kept is bounded: the oldest make room", () => {
  config._keeps = true;
  online = false;
  for (let n = 0; n < 10; n++) {
    begin("soft", n, "")._wire.title = "x".repeat(9_000);
    sendNow();
  }
  assert.ok(stored[KEY]!.length <= KEPT_CHARS_MAX);
  assert.match(stored[KEY]!, new RegExp(list.at(-1)!._id));
});
