// Promises, releases and incidents; comparison, language and keys: what a person does, and what they then see.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startMock } from "../mock/server.mjs";
import { violations } from "./axe.mjs";
import { launchChromium, openPage, settled } from "./chromium.mjs";

let mock, browser, page;
const faults = [];

before(async () => {
  mock = await startMock();
  browser = await launchChromium();
  page = await openPage(browser, { faults });
});
after(async () => {
  await browser?.close();
  await mock?.stop();
});

async function open(path) {
  await page.goto(mock.url + path);
  await settled(page);
}
const path = () => page.evaluate(() => location.pathname + location.search);
const headline = () => page.locator("h1").innerText();

test("promises are told in words, the worst first, and one of them in full", async () => {
  await open("/sites/shop/promises?range=28d");
  assert.match(await headline(), /^1 of 4 promises are kept; 1 cannot be judged yet; The shop makes people happy is broken: overspent by \d+% of its budget\.$/);
  assert.equal(await page.locator(".promises tbody tr").count(), 4);
  await page.getByRole("link", { name: "Checkout feels fast", exact: true }).first().click();
  await settled(page);
  assert.equal(await path(), "/sites/shop/promises?range=28d&id=checkout-fast");
  await page.getByRole("application", { name: /^How the budget burnt down/ }).waitFor();
  assert.ok(await page.getByRole("link", { name: "Page /checkout/pay" }).isVisible());
});

test("who takes care of an alert says so once", async () => {
  await open("/sites/shop/promises?range=28d&slo=checkout-fast");
  await page.getByRole("button", { name: "I take care of it" }).click();
  await page.getByText("ada@shop.example takes care").waitFor();
  assert.match(mock.controls.writes.at(-1), /^POST \/api\/v1\/sites\/shop\/alerts\/a1\/acknowledge/);
});

test("a site that promises nothing is taught what a promise is", async () => {
  await open("/sites/quiet/promises");
  assert.match(await headline(), /^Nothing is promised yet/);
  assert.match(await page.locator("pre").innerText(), /curl -X PUT .*\n.*\/api\/v1\/sites\/quiet\/slos\/checkout-fast/);
});

test("each release stands against the one before it", async () => {
  await open("/sites/shop/releases?range=28d");
  await page.locator(".verdict").first().waitFor();
  assert.match(await headline(), /^2026\.11\.3 made it better: \d+ points more happiness than 2026\.11\.2\.$/);
  const bad = page.locator("tr", { hasText: "New checkout" });
  assert.match(await bad.innerText(), /points worse/);
  await bad.getByRole("link", { name: "2026.11.2" }).click();
  await page.getByRole("heading", { name: "2026.11.2 against 2026.11.1" }).waitFor();
  // Of what is compared with, a release may be named: then the newest stands against that one.
  await open("/sites/shop/releases?range=28d&vs=release:2026.11.1");
  await page.getByRole("heading", { name: "2026.11.3 against 2026.11.1" }).waitFor();
  await settled(page);
  assert.ok(mock.controls.requests.some((request) => request.includes("/compare?") && request.includes("vs=release:2026.11.1") && request.includes("f=release:is:2026.11.3")));
});

test("an incident is told by dragging over the chart, and its harm is counted", async () => {
  await open("/sites/shop/incidents?range=7d&f=page:glob:/checkout/*");
  await page.getByLabel("What happened").waitFor();
  const box = await page.getByRole("application", { name: /^Happiness over time/ }).boundingBox();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 60);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 60, { steps: 4 });
  await page.mouse.up();
  await page.waitForFunction(() => [...document.querySelectorAll("input[type=datetime-local]")].every((input) => input.value !== ""));
  await page.getByLabel("What happened").fill("The till jammed");
  await page.getByRole("button", { name: "Tell it" }).click();
  await page.waitForURL(/id=the-till-jammed/);
  await settled(page);
  assert.match(mock.controls.writes.at(-1), /"filters":\["page:glob:\/checkout\/\*"\],"source":"chart"/);
  assert.match(await headline(), /The till jammed/);
  await page.getByText("Met a failed page").waitFor();
});

test("dragging over a chart looks at that stretch of time", async () => {
  await open("/sites/shop/happiness?range=7d");
  const box = await page.getByRole("application", { name: /^Happiness over time/ }).boundingBox();
  await page.mouse.move(box.x + box.width * 0.4, box.y + 60);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 60, { steps: 4 });
  await page.mouse.up();
  await page.waitForURL(/from=.*&to=/);
});

test("keys open filter, time, comparison and help; a comparison stays in the address and on the charts", async () => {
  await open("/sites/shop/happiness?range=7d");
  await page.keyboard.press("c");
  await page.getByRole("link", { name: /Same days last week/ }).click();
  await settled(page);
  assert.equal(await path(), "/sites/shop/happiness?range=7d&vs=week");
  assert.ok((await page.locator("path.line.compared").count()) >= 1);
  await page.locator(".compared-line").first().waitFor();
  await page.keyboard.press("t");
  await page.getByLabel("From", { exact: true }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("/");
  await page.getByLabel("Value", { exact: true }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  await page.getByRole("heading", { name: "Keys" }).waitFor();
  await page.getByLabel("Single keys work").uncheck();
  await page.keyboard.press("Escape");
  await page.keyboard.press("t");
  assert.equal(await page.getByLabel("From", { exact: true }).count(), 0);
});

test("German is spoken when it is chosen, and remembered", async () => {
  await open("/sites/shop/happiness?range=7d");
  await page.getByLabel("Language").selectOption("de");
  await page.waitForFunction(() => document.documentElement.lang === "de");
  assert.match(await headline(), /^Ihre Besucher waren zufrieden: \d\d von 100 über die letzten 7 Tage; langsames Öffnen schmerzt am meisten, auf \/p\/:id\.$/);
  await open("/sites/shop/promises");
  assert.match(await headline(), /^1 von 4 Versprechen werden gehalten/);
  await page.getByLabel("Sprache").selectOption("en");
  await page.waitForFunction(() => document.documentElement.lang === "en");
});

test("axe finds nothing on these screens, in either theme", async () => {
  for (const theme of ["light", "dark"]) {
    const other = await openPage(browser, { theme });
    for (const name of ["promises", "promises?id=checkout-fast", "releases?range=28d", "incidents", "incidents?id=payment-stuck"]) {
      await other.goto(`${mock.url}/sites/shop/${name}`);
      await settled(other);
      assert.deepEqual(await violations(other), [], name);
    }
    await other.context().close();
  }
  assert.deepEqual(faults, []);
});
