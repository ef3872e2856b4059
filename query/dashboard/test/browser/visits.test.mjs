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
  Object.assign(mock.controls, { failing: {}, scopes: ["read:metrics", "read:sessions"] });
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
