// Walks the demo's story in a real Chromium, over a running `felt demo` (`--base URL`), as somebody does who knows nothing of it:
// from Happiness, within three clicks each, to the release that made it worse, the incident, the slow country and the unhappy
// journey. What is clicked follows from what stands on the screen. Then every screen's address is opened anew and reloaded, and has to
// show the same. Each screen's sentence is held against the API's answer to the same question (story/sentences.mjs), and the screens
// against axe-core and the keyboard (story/access.mjs). Prints what was found, as JSON:
// {"release":{"found":…,"clicks":…},…,"addresses":…,"sentences":…,"accessible":…,"keyboard":[…]}.

import assert from "node:assert/strict";
import { parseArgs } from "node:util";
import { launchChromium, openPage, settled } from "./browser/chromium.mjs";
import { accessible, byKeyboard } from "./story/access.mjs";
import { sentences } from "./story/sentences.mjs";

const { base } = parseArgs({ options: { base: { type: "string" } } }).values;
const CLICKS_MAX = 3;
/** A loaded machine takes its time; nothing here is a measurement. */
const WAIT_MS_MAX = 60_000;

const faults = [];
const browser = await launchChromium();
const page = await openPage(browser, { faults });
page.setDefaultTimeout(WAIT_MS_MAX);
const headline = () => page.locator("h1").innerText();
const rows = (selector) => page.locator(`main ${selector} tbody tr`);
let clicks = 0;

/** Begins anew where everybody begins. */
async function begin() {
  await page.goto(`${base}/`);
  await settled(page);
  assert.match(new URL(page.url()).pathname, /\/happiness$/);
  clicks = 0;
}

async function click(target) {
  clicks += 1;
  await target.click();
  await settled(page);
}
const screen = (name) => click(page.getByRole("navigation").getByRole("link", { name, exact: true }));
const fourWeeks = () => click(page.getByRole("link", { name: "28 days", exact: true }));

/** Within three clicks, and the address of where it was found. */
function found(what) {
  assert.ok(clicks <= CLICKS_MAX, `${what} took ${clicks} clicks`);
  return { found: what, clicks, address: new URL(page.url()).pathname + new URL(page.url()).search };
}

/** The name in the row of the lowest score, which is the number in its last cell. */
async function unhappiest(found) {
  const all = await found.evaluateAll((trs) => trs.map((tr) => ({ name: tr.querySelector("a").innerText, score: Number(/\d+/.exec(tr.lastElementChild.textContent)) })));
  assert.ok(all.length > 0, "no row to choose from");
  return all.sort((a, b) => a.score - b.score)[0].name;
}

async function worseRelease() {
  await begin();
  await fourWeeks();
  await screen("Releases");
  const worse = rows(".releases").filter({ hasText: /points? worse/ }).first();
  await worse.waitFor();
  const name = await worse.getByRole("link").first().innerText();
  await click(worse.getByRole("link", { name, exact: true }));
  // Which page it was, and that another release mended it.
  const moved = page.getByRole("group", { name: "Pages that moved" }).getByRole("row").filter({ hasText: "worse" }).first();
  assert.match(await moved.innerText(), /\/shop\/p\/:id/);
  assert.match(await headline(), /made it better/);
  return found(name);
}

async function incident() {
  await begin();
  await fourWeeks();
  await screen("Incidents");
  const title = rows(".alerts").first().getByRole("link");
  const name = await title.innerText();
  await click(title);
  assert.match(await headline(), /hurt \d+ of [\d,]+ visitors/);
  await page.getByText(/Most were hurt on \/shop\/checkout\/pay/).waitFor();
  return found(name);
}

async function slowCountry() {
  await begin();
  const name = await unhappiest(rows(".w-country").filter({ hasText: "worse" }));
  await click(rows(".w-country").getByRole("link", { name, exact: true }));
  assert.match(await headline(), /slow opening hurts most/);
  return found(name);
}

async function unhappyJourney() {
  await begin();
  await screen("Journeys");
  const name = await unhappiest(rows(".groups"));
  await click(rows(".groups").getByRole("link", { name, exact: true }));
  assert.match(await headline(), /most of the others leave at search/);
  return found(name);
}

/** What a person would call the same: the address, the words and figures, what is chosen, what is typed (but for times that a form begins with, which are the present). */
function state(live) {
  const words = (element) => element.innerText.replace(/\s+/g, " ").trim();
  const chosen = [...document.querySelectorAll("[aria-current], [aria-pressed=true]")].map((element) => words(element));
  const typed = [...document.querySelectorAll("main input:not([type=datetime-local]), main select, .scope input, .scope select")].map((field) => (field.type === "checkbox" ? field.checked : field.value));
  const chips = [...document.querySelectorAll(".chips")].map(words);
  return JSON.stringify({ address: location.pathname + location.search, title: document.title, main: live ? words(document.querySelector("main")).replace(/\d[\d.,]*(?: (?:ms|s|min|h)\b)?/g, "0") : words(document.querySelector("main")), chosen, chips, typed });
}

/** Promises are judged at this moment, and Data health says how fresh it is: there the figures go on, whatever the range. */
const goesOn = (address) => /\/(promises|health)\?/.test(address);

/** The same state as before, as soon as everything has come. */
async function shows(address, expected, after) {
  const end = Date.now() + WAIT_MS_MAX;
  let now = await page.evaluate(state, goesOn(address));
  while (now !== expected && Date.now() < end) {
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    now = await page.evaluate(state, goesOn(address));
  }
  assert.equal(now, expected, `${address} shows something else ${after}`);
}

async function opened(address) {
  await page.goto(base + address);
  await settled(page);
}

/** Opened, reloaded, left and come back to: always the same. */
async function restores(address) {
  await opened(address);
  assert.equal(new URL(page.url()).pathname + new URL(page.url()).search, address, "the address stays as it was opened");
  const before = await page.evaluate(state, goesOn(address));
  await page.reload();
  await settled(page);
  await shows(address, before, "after a reload");
  await screen(new URL(page.url()).pathname.endsWith("/happiness") ? "Pages" : "Happiness");
  await page.goBack();
  await settled(page);
  await shows(address, before, "after going back");
}

const day = (ago) => `${new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10)}T00:00:00Z`;
/** Stands still, so that the figures do. */
const time = `from=${day(10)}&to=${day(1)}&tz=Europe/Berlin`;

/** One address of every screen, with as much in it as the screen knows. */
async function addresses() {
  const ask = async (call) => (await (await fetch(`${base}/api/v1/sites/shop/${call}`)).json()).data;
  const [visit] = await ask(`sessions?range=28d&limit=1`);
  return [
    `happiness?${time}&f=device:is:mobile&f=country:not:BR&vs=week&step=1d`,
    `happiness?${time}&who=all`,
    `journeys?${time}`,
    `journeys?${time}&f=device:is:mobile&id=find`,
    `pages?${time}&order=-views`,
    `pages?${time}&page=/shop/p/:id&metric=inp`,
    `promises?${time}`,
    `promises?${time}&id=product-fast`,
    `releases?${time}&id=413`,
    `incidents?${time}`,
    `incidents?${time}&id=payment-failed`,
    `sessions?${time}&f=country:is:BR`,
    `sessions?${time}&id=${visit.id}`,
    `health?${time}`,
    `settings?${time}`,
  ].map((rest) => `/sites/shop/${rest}`);
}

try {
  const story = { release: await worseRelease(), incident: await incident(), country: await slowCountry(), journey: await unhappyJourney() };
  const all = await addresses();
  for (const address of all) await restores(address);
  const more = {
    sentences: await sentences(page, base, time, WAIT_MS_MAX),
    accessible: await accessible(browser, base, all, WAIT_MS_MAX),
    keyboard: await byKeyboard(page, base),
  };
  assert.deepEqual(faults, [], "no script failed on the way");
  console.log(JSON.stringify({ ...story, addresses: all.length, ...more }));
} finally {
  await browser.close();
}
