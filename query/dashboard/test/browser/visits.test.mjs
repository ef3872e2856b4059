// Journeys, visits, and what the figures rest on: the question of each screen is answered by reading it.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { startMock } from "../mock/server.mjs";
import { launchChromium, openPage, settled } from "./chromium.mjs";

let mock, browser, page;
const faults = [];

before(async () => {
  mock = await startMock();
  browser = await launchChromium();
});
after(async () => {
  await browser?.close();
  await mock?.stop();
});
beforeEach(async () => {
  await page?.context().close();
  Object.assign(mock.controls, { failing: {}, scopes: ["read:metrics", "read:sessions", "admin"] });
  faults.length = 0;
  page = await openPage(browser, { faults });
});

async function open(path) {
  await page.goto(mock.url + path);
  await settled(page);
}
const path = () => page.evaluate(() => location.pathname + location.search);
const headline = () => page.locator("h1").innerText();

test("the journey on which most is lost is named, opened, and tells where people leave", async () => {
  await open("/sites/shop/journeys?range=28d");
  assert.match(await headline(), /^On the way through Checkout most is lost: \d+ of [\d,]+ visits did not get to its end over the last 28 days, with €[\d,]+ in their hands\.$/);
  await page.getByRole("link", { name: "Checkout" }).click();
  await settled(page);
  assert.equal(await path(), "/sites/shop/journeys?range=28d&id=checkout");
  assert.match(await headline(), /^\d+% of [\d,]+ visits got to the end of Checkout over the last 28 days; most of the others leave at Pay: \d+\.$/);
  assert.match(await page.locator(".funnel .worst").innerText(), /Pay[\s\S]*\d+ leave here \(\d+%\)/);
  const card = page.locator(".card", { hasText: "Does speed matter?" });
  await card.getByRole("application").focus();
  await page.keyboard.press("Home");
  assert.match(await card.locator("[aria-live=polite]").innerText(), /^Waited under 1 s: \d+% got to the end, most likely between/);
  await card.getByRole("button", { name: "Show as table" }).click();
  assert.equal(await card.locator("tbody tr").count(), 4);
  assert.deepEqual(faults, []);
});

test("a journey of few visits is not judged, and an amount that no step tells is a dash", async () => {
  await open("/sites/shop/journeys?range=28d");
  const row = await page.locator("tr", { hasText: "find-help" }).innerText();
  assert.match(row, /too few to judge/);
  assert.match(row, /no step tells an amount/);
});

test("where there is no journey, the screen teaches the two ways to have one", async () => {
  await open("/sites/quiet/journeys?range=1h");
  assert.match(await page.locator(".teach").innerText(), /felt\("step", "checkout"[\s\S]*curl -X PUT/);
});

test("the unhappiest visit comes first, and its story tells what happened when, and what was felt", async () => {
  await open("/sites/shop/sessions?range=7d");
  assert.match(await headline(), /^[\d,]+ visits over the last 7 days; the unhappiest came to 0 of 8 points because .+, having begun on \/.*\.$/);
  assert.match(await page.locator("tbody tr").first().innerText(), /Brutal 0 of 8/);
  await page.locator("tbody tr", { hasText: "page failed" }).first().getByRole("link").click();
  await settled(page);
  assert.match(await path(), /^\/sites\/shop\/sessions\?range=7d&id=v\w+\.\d+$/);
  assert.match(await headline(), /^A visit of \d page views? in .+: \d of 8 points because something broke\.$/);
  const story = await page.locator(".timeline").innerText();
  assert.match(story, /^0:00\n[\s\S]*Brutal · Something broke[\s\S]*opened in [\s\S]*Error: TypeError: cart.total is undefined/);
  const times = await page.locator(".timeline .after").allInnerTexts().then((texts) => texts.map((text) => text.split(":").reduce((sum, part) => sum * 60 + Number(part), 0)));
  assert.deepEqual(times, times.toSorted((a, b) => a - b));
  await page.getByRole("button", { name: "Show as table" }).click();
  assert.equal(await page.locator("tbody tr").count(), times.length);
  await page.goBack();
  await settled(page);
  assert.equal(await path(), "/sites/shop/sessions?range=7d");
  assert.deepEqual(faults, []);
});

test("visits are filtered and ordered by the address, and what visitors said stands beside what they felt", async () => {
  await open("/sites/shop/sessions?range=28d&f=page:is:/checkout/pay&order=-views");
  assert.equal(await page.locator(".segments.small [aria-current]").innerText(), "Most pages");
  const said = await page.locator(".quotes li").first().innerText();
  assert.match(said, /^“.+”\s+\d of 5 \w+.*The visit$/s);
  assert.equal(await page.locator("blockquote b").count(), 0);
  await page.locator(".quotes a").first().click();
  await settled(page);
  assert.match(await page.locator(".timeline .feedback").innerText(), /Said \d of 5: “/);
});

test("without the scope for visits, the screen says why and who can change it", async () => {
  mock.controls.scopes = ["read:metrics"];
  await open("/sites/shop/sessions?range=7d");
  assert.match(await headline(), /read:sessions/);
  assert.match(await page.locator(".teach").innerText(), /felt token create --site shop --scope read:metrics,read:sessions/);
});

test("whether the figures can be trusted is said first, and every report that arrived is accounted for", async () => {
  await open("/sites/shop/health?range=7d");
  assert.match(await headline(), /^You can trust these figures: they are up to date \(.+ ago\), and 9\d% of what arrived over the last 7 days counts\.$/);
  const counts = await page.locator(".card").first().locator("tbody tr td:nth-child(2)").allInnerTexts().then((texts) => texts.map((text) => Number(text.replace(/,/g, ""))));
  assert.equal(counts.slice(0, 4).reduce((sum, count) => sum + count, 0), counts[4]);
  assert.match(await page.locator(".card").nth(1).innerText(), /the visitor asked not to be measured\s+\d+/);
  assert.deepEqual(faults, []);
});

test("the map is fetched when somebody scrolls to it, is read by keys, and a country on it filters", async () => {
  const asked = [];
  page.on("request", (request) => asked.push(request.url().replace(mock.url, "")));
  await open("/sites/shop/happiness?range=28d");
  assert.ok(!asked.includes("/world.svg"));
  await page.locator(".map-place").scrollIntoViewIfNeeded();
  await page.locator(".map path[class]").first().waitFor();
  const card = page.locator(".map-card");
  assert.match(await card.locator("figcaption").innerText(), /^Visits from 10 countries; the unhappiest with enough of them is \w+: \d\d of 100\.$/);
  await card.getByRole("application").focus();
  await page.keyboard.press("ArrowRight");
  assert.match(await card.locator("[aria-live=polite]").innerText(), /^Germany: \d\d of 100, [\d,]+ page views$/);
  await page.keyboard.press("Enter");
  await settled(page);
  assert.match(await path(), /f=country:is:DE/);
  assert.deepEqual(faults, []);
});

test("journeys are compared with the time before; what changes nothing on a screen is not offered there", async () => {
  await open("/sites/shop/journeys?range=7d&vs=prev");
  assert.match(await page.locator("tr", { hasText: "Checkout" }).innerText(), /was \d+%/);
  await page.getByRole("link", { name: "Checkout" }).click();
  await settled(page);
  assert.match(await page.locator(".card").first().innerText(), /Compared \(vs the time before\): \d+% of [\d,]+ visits got to the end\./);
  assert.equal(await page.locator('.scope [data-key="c"]').count(), 1);
  await open("/sites/shop/health?range=7d");
  assert.deepEqual(await page.locator(".scope [data-key]").evaluateAll((buttons) => buttons.map((button) => button.dataset.key)), ["t"]);
  assert.deepEqual(faults, []);
});
