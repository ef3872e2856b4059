import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAddress, printAddress, scopeParams } from "../../src/address/address.ts";
import { isFilteredTo, negated, parseFilter, printFilter, withFilter, withoutValue } from "../../src/address/filter.ts";
import { comparedRange, parseVs, printVs } from "../../src/address/compare.ts";
import { endsNow, presetRange, stepped } from "../../src/address/range.ts";
import { apiPath, asCurl } from "../../src/api/paths.ts";
import { presetWords } from "../../src/words/time.ts";

const roundTrip = (link: string): string => {
  const url = new URL(link, "http://felt");
  return printAddress(parseAddress(url.pathname, url.search));
};

test("a link comes back as it was written, in the API's own grammar", () => {
  for (const link of [
    "/sites/shop/happiness?range=7d",
    "/sites/shop/pages?range=28d&who=all&f=device:is:mobile&f=page:glob:/checkout/*&order=-lcp.p75&q=check",
    "/sites/shop/pages?range=1h&page=/p/:id&metric=inp",
    "/sites/shop/happiness?from=2026-11-01T00:00:00Z&to=2026-11-08T00:00:00Z&tz=Europe/Berlin&step=1h",
    "/sites/shop/happiness?range=7d&f=tag:plan:not:pro,free",
    "/sites/shop/promises?range=28d&vs=prev&id=checkout-fast",
    "/sites/shop/releases?range=28d&vs=release:2026.11.1",
    "/sites/shop/happiness?range=7d&vs=2026-11-01T00:00:00Z/2026-11-08T00:00:00Z",
  ]) assert.equal(roundTrip(link), link);
});

test("a bare site opens on happiness over seven days, humans only", () => {
  const address = parseAddress("/sites/shop", "");
  assert.equal(printAddress(address), "/sites/shop/happiness?range=7d");
  assert.equal(address.who, "humans");
  assert.equal(parseAddress("/", "").site, null);
});

test("what a link gets wrong falls back instead of breaking the screen", () => {
  const address = parseAddress("/sites/shop/nonsense", "?range=soon&who=cats&f=broken&f=device:resembles:x&step=2m&to=never");
  assert.equal(printAddress(address), "/sites/shop/happiness?range=7d");
  assert.equal(parseAddress("/sites/%E0%A4%A", "").site, "%E0%A4%A");
});

test("values keep their commas, colons, spaces and ampersands", () => {
  for (const value of ["a,b", "back\\slash", "q?x=1&y=2", "a:b:c", "ünï 100 %", "\\,"]) {
    const filter = { dimension: "page", op: "is", values: [value, "other"] } as const;
    assert.deepEqual(parseFilter(printFilter(filter)), filter);
    const address = { ...parseAddress("/sites/shop/happiness", ""), filters: [filter] };
    const url = new URL(printAddress(address), "http://felt");
    assert.deepEqual(parseAddress(url.pathname, url.search).filters, [filter]);
    assert.ok(printAddress(address).split("f=")[1]?.endsWith(",other"), "separators stay plain");
  }
});

test("a tag's own colon belongs to the dimension", () => {
  assert.deepEqual(parseFilter("tag:plan:is:pro"), { dimension: "tag:plan", op: "is", values: ["pro"] });
  assert.equal(printFilter({ dimension: "tag:a:b", op: "is", values: ["c"] }), "tag:a%3Ab:is:c");
  assert.deepEqual(parseFilter("tag:a%3Ab:is:c")?.dimension, "tag:a:b");
  assert.deepEqual(parseFilter("release:set"), { dimension: "release", op: "set", values: [] });
});

test("adding a second value of a dimension widens its filter, taking the last away removes it", () => {
  const first = withFilter([], { dimension: "country", op: "is", values: ["DE"] });
  const both = withFilter(first, { dimension: "country", op: "is", values: ["FR"] });
  assert.deepEqual(both.map(printFilter), ["country:is:DE,FR"]);
  assert.ok(isFilteredTo(both, "country", "FR"));
  assert.deepEqual(withoutValue(withoutValue(both, "country", "DE"), "country", "FR"), []);
  assert.deepEqual(withFilter(both, { dimension: "country", op: "not", values: ["PL"] }).length, 2);
  const glob = { dimension: "page", op: "glob", values: ["/a*"] } as const;
  assert.equal(withFilter(withFilter([], glob), glob).length, 1);
});

test("a link whose encoder escaped the separators still works", () => {
  assert.deepEqual(parseAddress("/sites/shop", "?f=device%3Ais%3Amobile%2Ctablet&f=page:is:/a+b").filters, [
    { dimension: "device", op: "is", values: ["mobile", "tablet"] },
    { dimension: "page", op: "is", values: ["/a b"] },
  ]);
});

test("what nobody knows can be asked for, and turned round", () => {
  const unknown = parseFilter("country:set:false");
  assert.deepEqual(unknown && negated(unknown), { dimension: "country", op: "set", values: [] });
});

test("only is and not have an opposite", () => {
  assert.equal(negated({ dimension: "device", op: "is", values: ["mobile"] })?.op, "not");
  assert.equal(negated({ dimension: "device", op: "not", values: ["mobile"] })?.op, "is");
  assert.equal(negated({ dimension: "page", op: "glob", values: ["/a*"] }), null);
});

test("a call asks what the address says, plus its own question", () => {
  const address = parseAddress("/sites/shop/pages", "?range=24h&who=bots&f=device:is:mobile&tz=UTC&q=ignored");
  assert.equal(apiPath(address, "breakdown", [["by", "page"], ["limit", "8"]]), "/api/v1/sites/shop/breakdown?range=24h&tz=UTC&who=bots&f=device:is:mobile&by=page&limit=8");
  assert.deepEqual(scopeParams(address).filter(([, value]) => value !== null).map(([name]) => name), ["range", "tz", "who", "f"]);
});

test("a command to copy is safe to paste and never carries the token", () => {
  assert.equal(asCurl("/api/v1/sites/a/summary?f=page:is:it's", "http://h", true), `curl -H "Authorization: Bearer $FELT_TOKEN" 'http://h/api/v1/sites/a/summary?f=page:is:it'\\''s'`);
});

test("a preset is said in words", () => {
  assert.equal(presetWords("7d"), "the last 7 days");
  assert.equal(presetWords("1d"), "the last day");
  assert.equal(presetWords("36h"), "the last 36 hours");
  assert.equal(presetWords("7 days"), null);
});

test("a comparison that is none is left out", () => {
  for (const text of [null, "", "yesterday", "release:", "soon/later"]) assert.equal(parseVs(text), null);
  assert.equal(printVs(parseVs("release:a:b") ?? { kind: "prev" }), "release:a:b");
});

test("the compared time is as long, as much earlier as was asked, and steady while now goes on", () => {
  const now = Date.parse("2026-11-22T10:42:20Z");
  const week = comparedRange({ kind: "week" }, presetRange("24h"), now);
  const length = Date.parse(week.to ?? "") - Date.parse(week.from ?? "");
  assert.equal(length, 86_400_000);
  assert.ok(Math.abs(Date.parse(week.to ?? "") - (now - 7 * 86_400_000)) <= 15 * 60_000);
  assert.deepEqual(comparedRange({ kind: "week" }, presetRange("24h"), now + 20_000), week);
  const fixed = { preset: null, from: "2026-11-08T00:00:00Z", to: "2026-11-10T00:00:00Z" };
  assert.deepEqual(comparedRange({ kind: "prev" }, fixed, now), { preset: null, from: "2026-11-06T00:00:00Z", to: "2026-11-08T00:00:00Z" });
  assert.deepEqual(comparedRange({ kind: "year" }, fixed, now), { preset: null, from: "2025-11-09T00:00:00Z", to: "2025-11-11T00:00:00Z" });
});

test("one window earlier and later is as long, and never in the future", () => {
  const now = Date.parse("2026-11-22T10:00:00Z");
  const earlier = stepped(presetRange("24h"), -1, now);
  assert.deepEqual(earlier, { preset: null, from: "2026-11-20T10:00:00Z", to: "2026-11-21T10:00:00Z" });
  assert.ok(earlier !== null && !endsNow(earlier));
  assert.deepEqual(earlier && stepped(earlier, 1, now + 3_600_000), { preset: null, from: "2026-11-21T10:00:00Z", to: "2026-11-22T10:00:00Z" });
  assert.deepEqual(earlier && stepped(earlier, 1, now - 3_600_000), { preset: null, from: "2026-11-21T09:00:00Z", to: "2026-11-22T09:00:00Z" });
  assert.equal(stepped(presetRange("24h"), 1, now), null);
});
