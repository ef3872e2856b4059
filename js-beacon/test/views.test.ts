import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { addEvent, begin, current, initial, list, noteHidden, noteMoment, onBegin, viewAt } from "../src/views";
import { viewWith } from "./view";

beforeEach(() => {
  list.length = 0;
});

test("a measurement belongs to the view in which it began", () => {
  const first = begin("navigate", 0, "");
  const second = begin("soft", 1_000, "https://a.example/");
  assert.equal(viewAt(0), first);
  assert.equal(viewAt(999.9), first);
  assert.equal(viewAt(1_000), second);
  assert.equal(current(), second);
  assert.equal(initial, first);
  assert.equal(second._wire.referrer, "https://a.example/");
});

test("whoever wants to know hears of each view that begins", () => {
  const heard: string[] = [];
  onBegin.push((view) => heard.push(view._wire.nav));
  begin("navigate", 0, "");
  begin("bfcache", 10, "");
  assert.deepEqual(heard, ["navigate", "bfcache"]);
  onBegin.pop();
});

test("only the first time of being hidden counts, and says whether the view was ever seen", () => {
  const view = viewWith({ _start: 100 });
  noteHidden(view, undefined);
  assert.equal(view._wire.hidden_at_start, false);
  noteHidden(view, 500);
  noteHidden(view, 900);
  assert.equal(view._hidden, 500);
  assert.equal(view._wire.hidden_at_start, false);
  const background = viewWith({ _start: 100 });
  noteHidden(background, 100);
  assert.equal(background._wire.hidden_at_start, true);
});

test("a moment counts from the view's start, unless nobody saw it", () => {
  const view = viewWith({ _start: 100, _hidden: 500 });
  assert.equal(noteMoment(view, "fcp", 400), true);
  assert.equal(noteMoment(view, "lcp", 500), false);
  assert.equal(noteMoment(undefined, "lcp", 1), false);
  assert.equal(noteMoment(view, "early", 50), true, "what a prerendered page had before it was shown took no time");
  assert.deepEqual(view._wire.metrics, { fcp: 300, early: 0 });
});

test("a kind of event is bounded, and what is beyond is counted", () => {
  const view = viewWith();
  for (let n = 0; n < 1_000; n++) addEvent(view, "error", { message: String(n) }, n, 10);
  addEvent(view, "dead_click", {}, 1);
  addEvent(undefined, "dead_click", {}, 1);
  assert.equal(view._wire.events.length, 11);
  assert.deepEqual(view._wire.dropped, { error: 990 });
});
