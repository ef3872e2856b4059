// Everybody can use it: axe-core finds no violation of WCAG 2.2 AA on any screen in either theme, no screen is wider
// than its window from 360 to 2560 pixels, and the keyboard reaches what the mouse does.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startMock } from "../mock/server.mjs";
import { violations } from "./axe.mjs";
import { launchChromium, openPage, settled } from "./chromium.mjs";

const SCREENS = {
  happiness: "/sites/shop/happiness?range=7d&f=device:is:mobile&f=country:not:IN",
  pages: "/sites/shop/pages?range=7d",
  "one page": "/sites/shop/pages?range=28d&page=/checkout/pay",
  journeys: "/sites/shop/journeys?range=7d",
  "one journey": "/sites/shop/journeys?range=28d&id=checkout",
  "no journeys": "/sites/quiet/journeys?range=1h",
  sessions: "/sites/shop/sessions?range=7d",
  "a visit that is gone": "/sites/shop/sessions?range=7d&id=nobody",
  "data health": "/sites/shop/health?range=7d",
  settings: "/sites/shop/settings",
  "few visits": "/sites/quiet/happiness?range=7d",
  "no visits": "/sites/shop/happiness?range=7d&f=device:is:watch",
  "first visit": "/sites/fresh/happiness",
};

let mock, browser;
before(async () => {
  mock = await startMock();
  browser = await launchChromium();
});
after(async () => {
  await browser?.close();
  await mock?.stop();
});

for (const theme of ["light", "dark"]) {
  for (const width of [1440, 390]) {
    test(`axe finds nothing, ${theme}, ${width} pixels`, async () => {
      const page = await openPage(browser, { theme, width });
      for (const [name, path] of Object.entries(SCREENS)) {
        await page.goto(mock.url + path);
        await settled(page);
        assert.deepEqual(await violations(page), [], name);
      }
      await page.context().close();
    });
  }

  test(`axe finds nothing in what opens, ${theme}`, async () => {
    const page = await openPage(browser, { theme });
    await page.goto(mock.url + SCREENS.happiness);
    await settled(page);
    await page.getByRole("button", { name: "Filter", exact: true }).click();
    await page.locator(".options li").first().waitFor();
    assert.deepEqual(await violations(page), [], "filter form");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Custom" }).click();
    assert.deepEqual(await violations(page), [], "range form");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Show as table" }).first().click();
    await page.getByRole("button", { name: "Opening LCP" }).click();
    assert.deepEqual(await violations(page), [], "table and definition");
    mock.controls.failing = { summary: 500 };
    await page.goto(mock.url + SCREENS.happiness);
    await settled(page);
    assert.deepEqual(await violations(page), [], "errors");
    mock.controls.failing = {};
    mock.controls.token = "x";
    await page.reload();
    await page.getByLabel("Token").waitFor();
    assert.deepEqual(await violations(page), [], "token");
    mock.controls.ways = { password: true, oidc: "Acme ID" };
    await page.reload();
    await page.getByLabel("E-mail").waitFor();
    await page.getByText("Use an API token instead").click();
    assert.deepEqual(await violations(page), [], "sign-in");
    Object.assign(mock.controls, { token: null, ways: null });
    await page.context().close();
  });
}

test("no screen is wider than its window", async () => {
  for (const width of [360, 390, 768, 1024, 1440, 1920, 2560]) {
    const page = await openPage(browser, { width });
    for (const [name, path] of Object.entries(SCREENS)) {
      await page.goto(mock.url + path);
      await settled(page);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0, `${name} at ${width}`);
    }
    await page.context().close();
  }
});

test("on a phone a site's long name leaves the buttons beside it on its line, and the range on one of its own", async () => {
  for (const width of [360, 390]) {
    const page = await openPage(browser, { width });
    await page.route("**/api/v1/sites", async (route) => {
      const answer = await (await route.fetch()).json();
      await route.fulfill({ json: { ...answer, data: answer.data.map((site) => ({ ...site, name: "A shop with a name that is told in full" })) } });
    });
    await page.goto(mock.url + SCREENS.happiness);
    await settled(page);
    const lines = (selector) => page.locator(selector).evaluateAll((found) => new Set(found.map((one) => Math.round((one.getBoundingClientRect().top + one.getBoundingClientRect().bottom) / 20))).size);
    assert.equal(await lines(".brand, .site, .help, .language, .theme"), 1, `${width} pixels`);
    assert.equal(await lines(".scope .segments:first-child > :not([popover])"), 1, `${width} pixels`);
    await page.context().close();
  }
});

test("the first Tab offers to skip to the figures, and focus is always seen", async () => {
  const page = await openPage(browser);
  await page.goto(mock.url + SCREENS.happiness);
  await settled(page);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the figures");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  for (let step = 0; step < 25; step++) {
    await page.keyboard.press("Tab");
    const seen = await page.evaluate(() => {
      const element = document.activeElement;
      const shows = (style) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
      return shows(getComputedStyle(element)) || shows(getComputedStyle(element, "::after")) || element === document.body;
    });
    assert.ok(seen, await page.evaluate(() => document.activeElement.outerHTML.slice(0, 200)));
  }
  await page.context().close();
});
