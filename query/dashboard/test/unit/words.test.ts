import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";
import { parseAddress } from "../../src/address/address.ts";
import { groupsOf } from "../../src/api/read.ts";
import type { BreakdownRow, MetricRow } from "../../src/api/types.ts";
import { formatCount, formatDuration, formatInterval, formatLimit, formatShare, formatValue } from "../../src/words/format.ts";
import { happinessSentence, moodOf, pageHurtMostBy, pagesSentence } from "../../src/words/headline.ts";
import { sentenceText } from "../../src/words/phrase.ts";
import { warnings as german } from "../../src/words/messages/warnings.de.ts";
import { valueName } from "../../src/words/names.ts";
import { templated } from "../../src/words/templated.ts";
import { formatAgo, formatFreshness, formatStep, rangeWords, zoneOffsetMs } from "../../src/words/time.ts";
import { noVisitsSentence } from "../../src/words/no-visits.ts";

const here = parseAddress("/sites/shop/happiness", "?range=7d");
const row = (over: Partial<MetricRow>): MetricRow => ({
  metric: "happiness", count: 4821, value: 78.4, low: 77.2, high: 79.5, unhappiness: 21.6, delighted: 3000, annoying: 1000, painful: 500, brutal: 321,
  causes: { slow_open: 0.51, slow_react: 0.22, jumped: 0.06, broke: 0.09, gave_up: 0.12 }, ...over,
});
const page = (name: string, over: Partial<MetricRow>): BreakdownRow => ({ ...row(over), page: name });

test("durations read as people say them", () => {
  const cases: [number, string][] = [[0, "0 ms"], [0.4, "< 1 ms"], [84.4, "84 ms"], [999, "999 ms"], [999.6, "1.0 s"], [3120, "3.1 s"], [9949, "9.9 s"], [12_400, "12 s"], [59_600, "1 min"], [65_000, "1 min 5 s"], [600_000, "10 min"], [6_647_000, "1 h 50 min"]];
  for (const [ms, words] of cases) assert.equal(formatDuration(ms), words);
});

test("scores keep the digits that matter", () => {
  assert.equal(formatValue(0.031, "score"), "0.03");
  assert.equal(formatValue(0.004, "score"), "0.004");
  assert.equal(formatValue(0, "score"), "0.00");
  assert.equal(formatLimit(2500, "ms"), "2.5 s");
  assert.equal(formatLimit(200, "ms"), "200 ms");
  assert.equal(formatLimit(0.25, "score"), "0.25");
});

test("a share is never rounded to nothing nor to everything", () => {
  const cases: [number, string][] = [[0, "0%"], [0.0004, "< 0.1%"], [0.004, "0.4%"], [0.515, "52%"], [0.995, "99.5%"], [0.9995, "> 99.9%"], [1, "100%"]];
  for (const [ratio, words] of cases) assert.equal(formatShare(ratio), words);
  assert.equal(formatCount(48210), "48,210");
});

test("an interval is said in whole points", () => {
  assert.equal(formatInterval(70.7, 79.5), "most likely between 71 and 80");
  assert.equal(formatInterval(77.1, 77.4), "most likely 77");
});

test("the sentence says mood, number, time, cause and place", () => {
  const pages = groupsOf([page("/", { unhappiness: 10, count: 3000 }), page("/checkout/pay", { unhappiness: 60, count: 900 })], "page");
  assert.equal(
    sentenceText(happinessSentence(row({}), pages, here, "UTC")),
    "Your visitors were happy: 78 of 100 over the last 7 days; slow opening hurts most, on /checkout/pay.",
  );
});

test("the sentence gives no verdict on few visits", () => {
  assert.equal(sentenceText(happinessSentence(row({ count: 12 }), [], here, "UTC")), "Too few visits to judge: 12 page views over the last 7 days.");
  assert.equal(sentenceText(happinessSentence(row({ count: 64 }), [], here, "UTC")), "A first impression from 64 page views: 78 of 100 over the last 7 days.");
  assert.equal(sentenceText(happinessSentence(row({ count: 0, value: null }), [], here, "UTC")), "Nobody's visit could be judged over the last 7 days.");
  assert.equal(sentenceText(happinessSentence(row({ count: 0, value: null }), [], { ...here, who: "bots" }, "UTC")), "Bots feel nothing: no happiness over the last 7 days.");
  assert.equal(sentenceText(noVisitsSentence(here, "UTC")), "No visits over the last 7 days.");
});

test("a filtered sentence speaks of these visitors, a page's of its visitors", () => {
  const filtered = parseAddress("/sites/shop/happiness", "?range=24h&f=device:is:mobile");
  assert.match(sentenceText(happinessSentence(row({ causes: null }), [], filtered, "UTC")), /^These visitors were happy: 78 of 100 over the last 24 hours\.$/);
  const onPage = parseAddress("/sites/shop/pages", "?page=/basket");
  assert.match(sentenceText(happinessSentence(row({ value: 91 }), [], onPage, "UTC")), /^Visitors of \/basket were very happy: 91/);
});

test("the page named is where that cause costs most, not where most is lost", () => {
  const pages = groupsOf(
    [page("/jumpy", { unhappiness: 50, count: 1000, causes: { jumped: 0.9, slow_open: 0.1 } }), page("/slow", { unhappiness: 30, count: 1000, causes: { slow_open: 1 } }), page("(other)", { unhappiness: 99, count: 9000 })],
    "page",
  );
  assert.equal(pageHurtMostBy("slow_open", pages), "/slow");
  assert.equal(pageHurtMostBy("jumped", pages), "/jumpy");
  assert.equal(pageHurtMostBy("broke", []), null);
});

test("the pages' sentence names the costliest page and its part", () => {
  const pages = groupsOf([page("/a", { unhappiness: 20, count: 1000 }), page("/b", { unhappiness: 60, count: 500 })], "page");
  assert.equal(
    sentenceText(pagesSentence(pages, row({ unhappiness: 25, count: 4000 }), here, "UTC")),
    "/b costs the most happiness: 30% of all that was lost over the last 7 days, mostly because it opened slowly.",
  );
  assert.equal(sentenceText(pagesSentence([], row({}), here, "UTC")), "No page has lost any happiness over the last 7 days.");
});

test("moods change at the stated borders", () => {
  assert.deepEqual([85, 84.9, 70, 69.9, 50, 49.9].map(moodOf), ["very_happy", "happy", "happy", "half_happy", "half_happy", "unhappy"]);
});

test("freshness is a time and an age", () => {
  const at = Date.parse("2026-11-22T10:42:00Z");
  assert.equal(formatFreshness(at, at + 38_000, "UTC"), "up to 10:42, 38 s ago");
  assert.deepEqual([400, 90_000, 600_000, 4 * 3_600_000, 3 * 86_400_000, -5000].map(formatAgo), ["just now", "90 s ago", "10 min ago", "4 h ago", "3 days ago", "just now"]);
});

test("times are told in the zone of the screen, also where the browser does not know it", () => {
  const at = Date.parse("2026-11-18T09:00:00Z");
  assert.equal(formatStep(at, at + 3_600_000, "Europe/Berlin"), "Wed 18 Nov 10:00 to 11:00");
  assert.equal(formatStep(at, at + 86_400_000, "UTC"), "Wed 18 Nov");
  assert.equal(formatStep(at - 9 * 3_600_000, at, "UTC"), "Wed 18 Nov until 09:00");
  assert.equal(formatStep(at, at + 3_600_000, "Mars/Olympus"), "Wed 18 Nov 09:00 to 10:00");
  assert.equal(zoneOffsetMs(Date.parse("2026-07-01T00:00:00Z"), "Europe/Berlin"), 7_200_000);
  assert.equal(rangeWords({ preset: null, from: "2026-11-01T00:00:00Z", to: null }, "UTC"), "Sun 1 Nov 00:00 to now");
});

test("values have names people use, and unknown ones say so", () => {
  assert.equal(valueName("country", "DE"), "Germany");
  assert.equal(valueName("country", ""), "(not known)");
  assert.equal(valueName("page", "(other)"), "All others together");
  assert.equal(valueName("device", "mobile"), "Mobile");
  assert.equal(valueName("cause", "gave_up"), "Gave up");
});

test("what the server warns of is told in German, by templates that the server still knows", async () => {
  const told = templated(german);
  assert.equal(told("there are no page views to compare with"), german["there are no page views to compare with"]);
  assert.equal(told("of 8 releases the newest 3 were compared"), "von 8 Releases wurden die neuesten 3 verglichen");
  assert.equal(
    told("of what is compared with: the mix of devices and countries is not evened out: that takes single page views, which are read of a shorter or later range"),
    "zum Vergleich: die Mischung der Geräte und Länder ist nicht ausgeglichen: Dazu braucht es einzelne Seitenaufrufe, die es für eine kürzere oder spätere Zeit gibt",
  );
  assert.equal(told("of 413: lcp (beta): too little is alike on both sides, so they are compared as they are"), "zu 413: lcp (beta): Beiden Seiten ist zu wenig gemeinsam, sie sind verglichen, wie sie sind");
  assert.equal(told("nobody has said this before"), "nobody has said this before");

  const server = new URL("../src/", `file://${process.cwd()}/`);
  const files = (await readdir(server, { recursive: true })).filter((name) => name.endsWith(".rs"));
  const sources = (await Promise.all(files.map((name) => readFile(new URL(name, server), "utf8")))).join("\n").replace(/\\\n\s*/g, "");
  for (const [english, other] of Object.entries(german)) {
    assert.equal(other.split("{}").length, english.split("{}").length, english);
    for (const part of english.split("{}").flatMap((words) => words.split(/ (?:is|are) called|(?:the other|this) side| and countries/))) assert.ok(sources.includes(part.replace(/^[`: ]+|[`: ]+$/g, "")), `the server does not say “${part}”`);
  }
});
