import assert from "node:assert/strict";
import { test } from "node:test";
import { Views } from "../src/views";

const begin = (views: Views, nav: "navigate" | "soft", time: number) =>
  views.begin({ nav, start: time, begins: time, url: `https://a.example/${time}`, referrer: "", session: "session-1" });

test("a measurement belongs to the view in which it began", () => {
  const views = new Views();
  const first = begin(views, "navigate", 0);
  const second = begin(views, "soft", 1_000);
  assert.equal(views.at(0), first);
  assert.equal(views.at(999.9), first);
  assert.equal(views.at(1_000), second);
  assert.equal(first.ends, 1_000);
  assert.equal(views.current, second);
  assert.equal(views.initial, first);
});

test("a soft navigation of the browser is the first route change after its click, and stays it", () => {
  const views = new Views();
  begin(views, "navigate", 0);
  const earlier = begin(views, "soft", 500);
  const route = begin(views, "soft", 1_100);
  const later = begin(views, "soft", 2_000);
  assert.equal(views.soft(7, 1_000), route);
  assert.equal(route.start, 1_000, "its times count from the click");
  assert.equal(views.soft(7, 1_000), route);
  assert.equal(views.soft(8, 1_900), later);
  assert.equal(views.soft(9, 5_000), undefined);
  assert.equal(earlier.navigationId, undefined);
});

test("old views are forgotten, the document's own is remembered for what comes late", () => {
  const views = new Views();
  const first = begin(views, "navigate", 0);
  for (let n = 1; n <= 20; n++) begin(views, "soft", n * 100);
  views.prune();
  assert.equal(views.list.length, 5);
  assert.equal(views.initial, first);
});
