// Settings: how the site is set up is told, tried out before it is changed, and closed to those who may not.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { startMock } from "../mock/server.mjs";
import { makeSettings } from "../mock/settings.mjs";
import { violations } from "./axe.mjs";
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
  Object.assign(mock.controls, { scopes: ["read:metrics", "admin"], settings: makeSettings() });
  faults.length = 0;
  page = await openPage(browser, { faults });
});

async function open(path) {
  await page.goto(mock.url + path);
  await settled(page);
}
const headline = () => page.locator("h1").innerText();
const card = (title) => page.locator(".card", { has: page.getByRole("heading", { name: title }) });

test("the first visit to a new site is noticed without a reload", async () => {
  await open("/sites/fresh/settings");
  assert.equal(await headline(), "fresh is waiting for its first visit: put the line below into its pages.");
  assert.match(await page.locator("pre").first().innerText(), /^<script async src="http:\/\/127\.0\.0\.1:\d+\/beacon\.js" data-site="fresh"><\/script>$/);
  mock.controls.worlds.fresh = mock.controls.worlds.quiet.map((row) => ({ ...row, at: mock.controls.now() - 1000 }));
  await page.getByText("Visits arrive.").waitFor();
  assert.match(await headline(), /^fresh is set up: visits arrive, \d+ page views over the last day\.$/);
  mock.controls.worlds.fresh = [];
});

test("page rules are tried on past visits before they are set, and the configuration's come back", async () => {
  await open("/sites/shop/settings");
  const rules = card("What is one page");
  const lines = rules.getByLabel(/^One rule a line/);
  const preview = rules.getByRole("button", { name: "Preview" });
  const present = "/shop/*/reviews/** -> /shop/:product/reviews";
  assert.equal(await lines.inputValue(), present);
  await rules.getByText("From the configuration.").waitFor();

  await lines.fill(`${present}\nguides -> /guides/:guide`);
  await preview.click();
  await rules.getByText("Rules[1].pattern: write a path of at most 256 bytes that begins with /").waitFor();
  assert.equal(await rules.getByRole("button", { name: "Set these rules" }).count(), 0, "what cannot be tried cannot be set");

  await lines.fill(`${present}\n/shop/*→/shop/:product\n\n  /guides/**   /guides/:guide `);
  await preview.click();
  await rules.getByText("With these rules 7,342 of 18,932 page views of the last 7 days would be under another page").waitFor();
  const cells = await rules.getByRole("row").evaluateAll((rows) => rows.slice(0, 4).map((row) => [...row.cells].map((cell) => cell.innerText)));
  assert.deepEqual(cells, [
    ["Page", "Views", "Now counted as"],
    ["/shop/:product", "7,180", "/shop/lamp, /shop/oak-chair"],
    ["/guides/:guide", "162", "/guides/how-to-oil-a-table, /guides/how-to-hang-a-lamp"],
    ["/", "9,120", "the same"],
  ]);
  assert.deepEqual(await violations(page), []);
  assert.equal(mock.controls.settings["page-rules"], null, "a preview keeps nothing");

  await rules.getByRole("button", { name: "Set these rules" }).click();
  await rules.getByText("Set here instead of the configuration's: version 1, ada. In effect from 11:44 on.").waitFor();
  assert.deepEqual(mock.controls.settings["page-rules"].rules.map(({ pattern, page: to }) => `${pattern} ${to}`), ["/shop/*/reviews/** /shop/:product/reviews", "/shop/* /shop/:product", "/guides/** /guides/:guide"]);

  await lines.fill("/other -> /elsewhere");
  assert.equal(await rules.getByRole("table").count(), 0, "a preview stands only as long as what it was made of");
  await rules.getByRole("button", { name: "Remove, back to the configuration's" }).click();
  assert.notEqual(mock.controls.settings["page-rules"], null);
  await rules.getByRole("button", { name: "Really remove?" }).click();
  await rules.getByText("From the configuration.").waitFor();
  assert.equal(await lines.inputValue(), present);
  assert.deepEqual(faults, []);
});

test("page rules fit the narrowest phone", async () => {
  await page.setViewportSize({ width: 320, height: 700 });
  await open("/sites/shop/settings");
  const rules = card("What is one page");
  await rules.getByLabel(/^One rule a line/).fill("/shop/* -> /shop/:product\n/help/shipping-to-islands-and-remote-places -> /help/a-page-with-a-name-that-is-as-long-as-this");
  await rules.getByRole("button", { name: "Preview" }).click();
  await rules.getByRole("button", { name: "Set these rules" }).click();
  await rules.getByText("In effect from").waitFor();
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
});

test("who is no admin sees page rules and tries others, and is told who may set them", async () => {
  mock.controls.scopes = ["read:metrics"];
  await open("/sites/shop/settings");
  const rules = card("What is one page");
  await rules.getByRole("button", { name: "Preview" }).click();
  await rules.getByRole("button", { name: "Set these rules" }).click();
  await rules.getByText("Only admins of this site see and change this.").waitFor();
});

test("anchors are tried on past visits before they are set", async () => {
  await open("/sites/shop/settings");
  const anchors = card("Anchors: from when on it hurts");
  assert.match(await anchors.innerText(), /Opening\s+everywhere standard\s+2\.5 s\s+4 s\s+8 s/);
  await anchors.getByText("Try other anchors").click();
  await anchors.getByLabel("Annoying from (ms)").fill("9000");
  await anchors.getByRole("button", { name: "Preview" }).click();
  assert.match(await anchors.innerText(), /Three numbers that rise, please\./);
  await anchors.getByLabel("Annoying from (ms)").fill("2000");
  await anchors.getByLabel(/Pages/).fill("/checkout/*");
  await anchors.getByRole("button", { name: "Preview" }).click();
  await anchors.getByText("would have scored 68; they scored 75").waitFor();
  await anchors.getByLabel("Annoying from (ms)").fill("2100");
  assert.equal(await anchors.getByText("would have scored").count(), 0, "a preview stands only as long as what it was made of");
  await anchors.getByLabel("Annoying from (ms)").fill("2000");
  await anchors.getByRole("button", { name: "Set these anchors" }).click();
  await anchors.getByRole("rowheader", { name: "Opening" }).nth(1).waitFor();
  assert.deepEqual(mock.controls.settings.scales.map(({ id, page: pages, thresholds }) => [id, pages, thresholds]), [["lcp-checkout", "/checkout/*", [2000, 4000, 8000]]]);
  assert.deepEqual(faults, []);
});

test("a token is made, shown once, and removed only after asking", async () => {
  await open("/sites/shop/settings");
  const tokens = card("API tokens");
  await tokens.getByText("Make a token").first().click();
  await tokens.getByLabel("What it is for").fill("a report");
  await tokens.getByLabel("Allows").selectOption("read:sessions");
  await tokens.getByRole("button", { name: "Make a token" }).click();
  await tokens.getByText("felt_abc123").waitFor();
  assert.deepEqual(mock.controls.settings.tokens[1].scopes, ["read:metrics", "read:sessions"]);
  await tokens.getByRole("button", { name: "Remove deploys" }).click();
  assert.equal(mock.controls.settings.tokens.length, 2);
  await tokens.getByRole("button", { name: "Really remove?" }).click();
  await tokens.getByRole("button", { name: "Remove deploys" }).waitFor({ state: "detached" });
  assert.equal(mock.controls.settings.tokens.length, 1);
});

test("what is refused is said beside the form, and what was typed stays", async () => {
  await open("/sites/shop/settings");
  const people = card("People");
  await people.getByText("Add this person").first().click();
  await people.getByLabel("E-mail").fill("bob@shop.example");
  await people.getByLabel(/First password/).fill("short");
  await people.getByRole("button", { name: "Add this person" }).click();
  await people.getByRole("alert").waitFor();
  assert.match(await people.getByRole("alert").innerText(), /12 characters at least/);
  assert.equal(await people.getByLabel("E-mail").inputValue(), "bob@shop.example");
});

test("who is no admin is told so where it matters, and sees the rest", async () => {
  mock.controls.scopes = ["read:metrics"];
  await open("/sites/shop/settings");
  assert.equal(await page.getByText("Only admins of this site see and change this.").count(), 3);
  assert.match(await card("Anchors: from when on it hurts").innerText(), /Opening/);
});

test("an alert route says which alerts it takes and when it is quiet", async () => {
  await open("/sites/shop/settings");
  const routes = card("Where alerts go");
  await routes.getByText("Send alerts there").first().click();
  await routes.getByLabel("What is there").selectOption("webhook");
  await routes.getByLabel("Address").fill("https://hooks.example/felt");
  await routes.getByLabel("Which alerts").selectOption("ticket");
  await routes.getByLabel(/^Quiet hours/).fill("22:00-07:00");
  await routes.getByRole("button", { name: "Send alerts there" }).click();
  await routes.getByText("only those that can wait; quiet from 22:00 to 07:00 (Europe/Berlin)").waitFor();
  const { severities, quiet_hours: quiet } = mock.controls.settings["alert-routes"].at(-1);
  assert.deepEqual([severities, quiet], [["ticket"], { from: "22:00", to: "07:00", tz: "Europe/Berlin" }]);
});

test("a journey may say within which time it counts as finished in time", async () => {
  await open("/sites/shop/settings");
  const journeys = card("Journeys");
  await journeys.getByText("Define a journey").first().click();
  await journeys.getByLabel("Name").fill("Sign up");
  await journeys.getByLabel(/^Its pages/).fill("/sign-up\n/welcome");
  await journeys.getByLabel(/^Counts as in time/).fill("90");
  await journeys.getByRole("button", { name: "Define a journey" }).click();
  // Whether it is kept is the server's business.
  await journeys.locator("form p:not([hidden])").waitFor();
  assert.match(mock.controls.writes.at(-1), /^PUT \/api\/v1\/sites\/shop\/journeys\/sign-up \{"name":"Sign up",.*"within_s":90\}$/);
});

test("a share link is shown once, and shows the figures alone to whoever opens it", async () => {
  await open("/sites/shop/settings");
  const links = card("Share links");
  await links.getByText("Make a link").first().click();
  await links.getByLabel("Whom it is for").fill("the board");
  await links.getByLabel("How long").selectOption("7");
  await links.getByRole("button", { name: "Make a link" }).click();
  const address = await links.locator("code").innerText();
  assert.equal(address, `${mock.url}/sites/shop/happiness?range=7d#share=feltl_abc123`);
  assert.equal(mock.controls.settings.links[1].days, 7);

  mock.controls.token = "feltl_abc123";
  try {
    const guest = await openPage(browser, { faults });
    await guest.goto(`${mock.url}/sites/shop/incidents?range=7d#share=feltl_abc123`);
    await settled(guest);
    assert.equal(guest.url(), `${mock.url}/sites/shop/incidents?range=7d`, "the address forgets the secret");
    await guest.reload();
    await settled(guest);
    const screens = await guest.getByRole("navigation").getByRole("link").allInnerTexts();
    assert.deepEqual(screens, ["Happiness", "Journeys", "Pages", "Promises", "Releases", "Incidents", "Data health"]);
    assert.ok(await guest.getByText("Shared, to look at only").isVisible());
    assert.equal(await guest.getByRole("heading", { name: "Tell an incident" }).count(), 0);
    await guest.goto(`${mock.url}/sites/shop/settings`);
    await settled(guest);
    assert.equal(await guest.getByRole("heading", { name: "API tokens" }).count(), 0, "settings are no screen of theirs");
    mock.controls.token = "feltl_another";
    await guest.reload();
    await guest.getByRole("heading", { name: "This link has ended or was taken back." }).waitFor();
    await guest.context().close();
    assert.deepEqual(faults, []);
  } finally {
    mock.controls.token = null;
  }
});
