// The built dashboard in a real browser over the mock API: what a person does, and what they then see.

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
  Object.assign(mock.controls, { failing: {}, token: null, person: null, ways: null, signedIn: false, delay_ms: 0, down: false });
  faults.length = 0;
  page = await openPage(browser, { faults });
});

async function open(path) {
  await page.goto(mock.url + path);
  await settled(page);
}
const path = () => page.evaluate(() => location.pathname + location.search);
const headline = () => page.locator("h1").innerText();
async function follow(locator) {
  await locator.click();
  await settled(page);
}

test("the bare address opens the first site, without a step for the back button", async () => {
  await open("/");
  assert.equal(await path(), "/sites/shop/happiness?range=7d");
  assert.match(await headline(), /^Your visitors were happy: \d\d of 100 over the last 7 days; slow opening hurts most, on \/p\/:id\.$/);
  assert.equal(await page.evaluate(() => history.length), 2);
  assert.deepEqual(faults, []);
});

test("each screen asks one batch, and nothing from any other host", async () => {
  const calls = [];
  page.on("request", (request) => calls.push(`${request.method()} ${request.url().replace(mock.url, "")}`));
  for (const screen of ["happiness", "journeys", "pages", "promises", "releases", "incidents", "sessions", "health"]) {
    calls.length = 0;
    await open(`/sites/shop/${screen}?range=24h`);
    assert.deepEqual(calls.filter((call) => call.includes("/api/")).sort(), ["GET /api/v1/sites", "POST /api/v1/batch"], screen);
    assert.ok(calls.every((call) => /^\w+ \//.test(call)), calls.join("\n"));
  }
});

test("a deep link restores range, filters and who", async () => {
  await open("/sites/shop/happiness?range=28d&who=all&f=device:is:mobile&f=country:not:IN,BR");
  assert.equal(await page.locator(".segments [aria-current]").allInnerTexts().then((texts) => texts.slice(0, 2).join()), "28 days,All");
  assert.deepEqual(await page.locator(".chip").allInnerTexts().then((texts) => texts.map((text) => text.replace(/\s+/g, " ").trim().split(" Remove")[0].replace(/ ×$/, ""))), ["Device is Mobile", "Country is not India or Brazil"]);
  assert.match(await headline(), /^These visitors were/);
  assert.ok(mock.controls.requests.some((request) => request.includes("/summary?range=28d&tz=Europe/Berlin&who=all&f=device:is:mobile&f=country:not:IN,BR&metrics=")));
});

test("a click on a row filters, on the chip negates, on × removes; back undoes each", async () => {
  await open("/sites/shop/happiness?range=7d");
  const seen = [await path()];
  await follow(page.getByRole("link", { name: "Germany", exact: true }));
  seen.push(await path());
  assert.equal(seen[1], "/sites/shop/happiness?range=7d&f=country:is:DE");
  await follow(page.getByRole("link", { name: "Country is Germany", exact: true }));
  seen.push(await path());
  assert.equal(seen[2], "/sites/shop/happiness?range=7d&f=country:not:DE");
  await follow(page.getByRole("link", { name: "Remove filter Country is not Germany" }));
  assert.equal(await path(), seen[0]);
  for (const earlier of [seen[2], seen[1], seen[0]]) {
    await page.goBack();
    await settled(page);
    assert.equal(await path(), earlier);
    assert.equal(await page.locator(".chip").count(), earlier.includes("f=") ? 1 : 0);
  }
});

test("a filter is made by typing, with suggestions that occurred, by keyboard alone", async () => {
  await open("/sites/shop/happiness?range=7d");
  await page.getByRole("button", { name: "Filter", exact: true }).focus();
  await page.keyboard.press("Enter");
  await page.getByLabel("What", { exact: true }).selectOption("country");
  await page.getByLabel("Value", { exact: true }).fill("ger");
  await page.getByRole("option", { name: /Germany/ }).waitFor();
  await page.waitForFunction(() => document.querySelectorAll("[role=option]").length === 1);
  await page.getByLabel("Value", { exact: true }).press("ArrowDown");
  await page.keyboard.press("Enter");
  await settled(page);
  assert.equal(await path(), "/sites/shop/happiness?range=7d&f=country:is:DE");
});

test("a custom range is told in the reader's time zone and written in UTC", async () => {
  await open("/sites/shop/happiness?range=7d");
  await page.getByRole("button", { name: "Custom" }).click();
  await page.getByLabel("From").fill("2026-11-16T09:00");
  await page.getByLabel("To, not included").fill("2026-11-18T09:00");
  await follow(page.getByRole("button", { name: "Show this time" }));
  assert.equal(await path(), "/sites/shop/happiness?from=2026-11-16T08:00:00Z&to=2026-11-18T08:00:00Z");
  assert.match(await headline(), /over Mon 16 Nov 09:00 to Wed 18 Nov 09:00/);
});

test("a chart is read out by arrow keys, and is a table too", async () => {
  await open("/sites/shop/happiness?range=28d");
  const chart = page.getByRole("application", { name: /^Happiness over time/ });
  await chart.focus();
  await page.keyboard.press("End");
  const card = page.locator(".chart-card").first();
  const last = await card.locator("[aria-live=polite]").innerText();
  assert.match(last, /^Sun 22 Nov until 11:43: \d\d of 100, \d+ page views/);
  await page.keyboard.press("ArrowLeft");
  assert.match(await card.locator("[aria-live=polite]").innerText(), /^Sat 21 Nov: /);
  await page.keyboard.press("Escape");
  assert.match(await card.locator("[aria-live=polite]").innerText(), /arrow keys/);
  await card.getByRole("button", { name: "Show as table" }).click();
  assert.ok((await card.locator("tbody tr").count()) >= 28);
  assert.match(await card.locator("figcaption").innerText(), /^Between \d\d and \d\d of 100/);
});

test("gaps stay gaps: two hours without data are not joined by a line", async () => {
  await open("/sites/shop/happiness?from=2026-11-21T00:00:00Z&to=2026-11-21T12:00:00Z&step=5m");
  const runs = await page.locator(".chart-card").first().locator("path.line.faint").count();
  assert.ok(runs >= 2, `${runs} stretches`);
  const card = page.locator(".chart-card").first();
  await card.getByRole("button", { name: "Show as table" }).click();
  assert.ok((await card.getByText("– not measured").count()) >= 1);
});

test("the worse release is marked", async () => {
  await open("/sites/shop/happiness?range=7d");
  const row = page.locator(".w-release tr", { hasText: "2026.11.2" });
  assert.match(await row.innerText(), /worse/);
  assert.doesNotMatch(await page.locator(".w-release tr", { hasText: "2026.11.3" }).innerText(), /worse/);
});

test("pages are sorted by the server, searched, opened, and left again", async () => {
  await open("/sites/shop/pages?range=7d");
  await follow(page.getByRole("link", { name: "Opening" }));
  assert.equal(await path(), "/sites/shop/pages?range=7d&order=-lcp.p75");
  assert.equal(await page.locator("[aria-sort=descending]").innerText().then((text) => text.startsWith("Opening")), true);
  assert.match(await page.locator("tbody th").first().innerText(), /checkout\/pay/);
  await page.getByRole("searchbox").fill("help");
  await page.waitForURL(/q=help/);
  await page.waitForFunction(() => [...document.querySelectorAll("tbody th")].every((cell) => cell.textContent.includes("help")));
  await page.getByRole("link", { name: "/help/returns" }).click();
  await settled(page);
  assert.match(await path(), /page=\/help\/returns/);
  await page.goBack();
  await settled(page);
  assert.equal(await page.getByRole("searchbox").inputValue(), "help");
});

test("a page shows how its values spread, with limits and marks", async () => {
  await open("/sites/shop/pages?range=28d&page=/checkout/pay");
  const card = page.locator(".card", { hasText: "Opening: how it spread" });
  assert.equal(await card.locator(".limit-line").count(), 2);
  assert.match((await card.locator(".mark text").allTextContents()).join("; "), /half within [\d.]+ s; 3 of 4 within [\d.]+ s; 19 of 20 within/);
  await follow(card.getByRole("link", { name: "Jumping" }));
  assert.match(await path(), /metric=cls/);
  assert.ok(await page.getByRole("heading", { name: "Jumping: how it spread" }).isVisible());
});

test("few visits are not judged", async () => {
  await open("/sites/quiet/happiness?range=7d");
  assert.match(await headline(), /^Too few visits to judge: \d+ page views/);
  assert.equal(await page.locator(".badge, .worse").count(), 0);
  assert.equal(await page.locator(".w-score .value").count(), 0);
  assert.ok((await page.locator(".share-bar:not(.muted)").count()) === 0);
});

test("an unmeasured value is a dash that says so, never 0", async () => {
  await open("/sites/shop/happiness?range=7d&who=bots");
  assert.equal(await headline(), "Bots feel nothing: no happiness over the last 7 days.");
  assert.ok((await page.locator(".groups .missing").count()) > 5);
  assert.doesNotMatch(await page.locator(".w-score").innerText(), /\b0\b/);
});

test("trouble stays inside its widget, and trying again mends it", async () => {
  mock.controls.failing = { "breakdown?by=country": 500 };
  await open("/sites/shop/happiness?range=7d&f=device:is:mobile");
  const card = page.locator(".w-country");
  assert.match(await card.innerText(), /could not be loaded just now/);
  assert.equal(await page.getByRole("alert").count(), 1);
  assert.ok(await card.getByRole("link", { name: "Remove all filters" }).isVisible());
  mock.controls.failing = {};
  await card.getByRole("button", { name: "Try again" }).click();
  await card.getByRole("link", { name: "Germany" }).waitFor();
});

test("the old picture stays, dimmed, while a new one loads", async () => {
  await open("/sites/shop/happiness?range=7d");
  mock.controls.delay_ms = 400;
  const height = await page.evaluate(() => document.querySelector(".overview").getBoundingClientRect().height);
  await page.getByRole("link", { name: "28 days" }).click();
  await page.locator(".body.stale").first().waitFor();
  assert.equal(await page.locator(".waiting").count(), 0);
  assert.equal(await page.evaluate(() => document.querySelector(".overview").getBoundingClientRect().height), height);
  await settled(page);
  assert.equal(await page.locator(".stale").count(), 0);
});

test("a lost connection is said once and heals by itself", async () => {
  await open("/sites/shop/happiness?range=7d");
  mock.controls.down = true;
  await page.getByRole("link", { name: "24 h" }).click();
  await page.getByText("No connection to Felt").waitFor();
  mock.controls.down = false;
  await page.getByRole("button", { name: "Try again" }).first().click();
  await page.getByText(/^up to/).waitFor();
  await settled(page);
  assert.match(await headline(), /over the last 24 hours/);
});

test("a token is asked for, sent as Bearer, and kept in this tab only", async () => {
  mock.controls.token = "felt_secret";
  await page.goto(`${mock.url}/sites/shop/happiness?range=7d`);
  await page.getByLabel("Token").fill("wrong");
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByText("That token was not accepted.").waitFor();
  await page.getByLabel("Token").fill("felt_secret");
  await page.getByRole("button", { name: "Go on" }).click();
  await page.locator(".score .value").waitFor();
  assert.equal(await page.evaluate(() => JSON.stringify({ ...localStorage }) + location.href + document.cookie).then((text) => text.includes("felt_secret")), false);
  await page.reload();
  await page.locator(".score .value").waitFor();
});

test("a person signs in where that is wanted, sees who they are, and signs out", async () => {
  Object.assign(mock.controls, { token: "felt_secret", ways: { password: true, oidc: "Acme ID" }, person: { email: "ada@shop.example", password: "correct horse battery" } });
  await page.goto(`${mock.url}/sites/shop/happiness?range=7d`);
  const email = page.getByLabel("E-mail");
  const password = page.getByLabel("Password");
  assert.equal(await email.getAttribute("autocomplete"), "username");
  assert.equal(await password.getAttribute("autocomplete"), "current-password");
  const elsewhere = await page.getByRole("link", { name: "Go on with Acme ID" }).getAttribute("href");
  assert.equal(elsewhere, `/api/v1/session/oidc?return_to=${encodeURIComponent("/sites/shop/happiness?range=7d")}`);
  await email.fill("ada@shop.example");
  await password.fill("wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").filter({ hasText: "is not right" }).waitFor();
  await password.fill("correct horse battery");
  await page.keyboard.press("Enter");
  await page.locator(".score .value").waitFor();
  const out = page.getByRole("button", { name: "Sign out" });
  assert.equal(await out.getAttribute("title"), "Signed in as ada@shop.example");
  await out.click();
  await page.getByLabel("E-mail").waitFor();
  await page.goto(`${mock.url}/?sign_in=oidc-no-grant`);
  await page.getByRole("alert").filter({ hasText: "may not look at this Felt" }).waitFor();
});

test("a new site teaches the line to paste and notices its first visit", async () => {
  await page.goto(`${mock.url}/sites/fresh/happiness`);
  await page.getByRole("heading", { name: "Waiting for the first visit" }).waitFor();
  assert.match(await page.locator("pre").innerText(), /^<script async src="http:\/\/127\.0\.0\.1:\d+\/beacon\.js" data-site="fresh"><\/script>$/);
  mock.controls.worlds.fresh = mock.controls.worlds.quiet;
  await page.locator(".w-score").waitFor();
  mock.controls.worlds.fresh = [];
});

test("an unknown site says so and shows the ones there are", async () => {
  await page.goto(`${mock.url}/sites/shoop/happiness`);
  await page.getByRole("heading", { name: "There is no site “shoop”" }).waitFor();
  await follow(page.getByRole("link", { name: "The Shop" }));
  assert.equal(await path(), "/sites/shop/happiness?range=7d");
});

test("what the server wants known is said once", async () => {
  mock.controls.warnings = ["page: 12 values beyond the day's budget were folded into (other)"];
  await open("/sites/shop/happiness?range=7d");
  assert.deepEqual(await page.locator(".warnings li").allInnerTexts(), ["Page: 12 values beyond the day's budget were folded into “All others together”."]);
  mock.controls.warnings = [];
});

test("after a link to another screen, reading goes on at its beginning", async () => {
  await open("/sites/shop/pages?range=7d");
  await page.getByRole("link", { name: "/basket" }).press("Enter");
  await page.waitForFunction(() => document.activeElement?.id === "main");
  await settled(page);
  assert.match(await headline(), /^Visitors of \/basket/);
});

test("what visitors' strings contain is shown as text", async () => {
  const nasty = `/<img src=x onerror="window.hurt=1">'"&{{7*7}}`;
  mock.controls.worlds.nasty = mock.controls.worlds.quiet.map((row) => ({ ...row, page: nasty, release: nasty, browser: nasty, country: nasty }));
  mock.controls.sites = [...mock.controls.sites, { key: "nasty", name: nasty }];
  await open("/sites/nasty/happiness?range=28d");
  assert.ok((await page.getByText(nasty, { exact: true }).count()) >= 3);
  await follow(page.locator(".w-release a.row"));
  await open(`/sites/nasty/pages?range=28d&page=${encodeURIComponent(nasty)}`);
  assert.equal(await page.evaluate(() => window.hurt), undefined);
  assert.equal(await page.locator("main img").count(), 0);
  assert.deepEqual(faults, []);
  delete mock.controls.worlds.nasty;
  mock.controls.sites.pop();
});

test("a word explains itself on a click and goes away on Escape", async () => {
  await open("/sites/shop/happiness?range=7d");
  await page.getByRole("button", { name: "Opening LCP" }).click();
  await page.getByText("how long until the main part of the page could be seen").waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await page.locator(".definition").isVisible(), false);
});

test("the theme follows the system until someone chooses, and is remembered", async () => {
  await open("/sites/shop/happiness?range=7d");
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await ground();
  assert.notEqual(light, dark);
  await page.getByRole("button", { name: "Use the light theme" }).click();
  assert.equal(await ground(), light);
  await page.reload();
  assert.equal(await ground(), light);
});

test("figures leave as a CSV file", async () => {
  await open("/sites/shop/happiness?range=7d");
  await page.locator(".w-country").getByRole("button", { name: "Data behind this" }).click();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download as CSV" }).click()]);
  assert.equal(download.suggestedFilename(), "felt-country.csv");
});

test("a screen that looks at now refreshes by itself", async () => {
  await page.clock.install();
  await page.goto(`${mock.url}/sites/shop/happiness?range=7d`);
  await settled(page);
  const asked = mock.controls.requests.length;
  const again = page.waitForResponse(/batch/);
  await page.clock.runFor(10_500);
  await again;
  await page.waitForFunction(() => document.querySelectorAll(".stale").length === 0);
  assert.ok(mock.controls.requests.length > asked);
});

test("two days are chosen in the calendar by keys alone", async () => {
  await open("/sites/shop/happiness?range=7d&tz=Europe/Berlin");
  await page.keyboard.press("t");
  const grid = page.getByRole("grid", { name: "November 2026" });
  await grid.waitFor();
  // Some versions of the locale's data have a comma behind the weekday.
  const focuses = (day) => page.waitForFunction((day) => document.activeElement.ariaLabel?.replace(",", "") === day, day, { timeout: 20_000 });
  await focuses("Sunday 22 November 2026");
  for (const [key, day] of [
    ["ArrowUp", "Sunday 15 November 2026"], ["ArrowLeft", "Saturday 14 November 2026"], ["Home", "Monday 9 November 2026"], ["End", "Sunday 15 November 2026"],
    ["PageUp", "Thursday 15 October 2026"], ["PageDown", "Sunday 15 November 2026"], ["Shift+PageUp", "Saturday 15 November 2025"], ["Shift+PageDown", "Sunday 15 November 2026"],
    ["ArrowDown", "Sunday 22 November 2026"], ["ArrowRight", "Sunday 22 November 2026"],
  ]) {
    await page.keyboard.press(key);
    await focuses(day).catch(async () => assert.fail(`${key}: ${await page.evaluate(() => document.activeElement.ariaLabel)} and not ${day}`));
  }
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Enter");
  await page.getByText("From 21 November. Now the last day.").waitFor();
  for (const key of ["ArrowUp", "ArrowLeft", " "]) await page.keyboard.press(key);
  assert.equal(await page.locator(".calendar [aria-selected=true]").count(), 9);
  await page.getByRole("button", { name: "Show this time" }).click();
  await settled(page);
  assert.equal(await path(), "/sites/shop/happiness?from=2026-11-12T23:00:00Z&to=2026-11-21T23:00:00Z&tz=Europe/Berlin");
});
