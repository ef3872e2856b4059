// The demo's own screens for everybody: axe-core finds nothing on any of them in either theme, and the keyboard alone reaches a
// filter, a range and a row.

import assert from "node:assert/strict";
import { violations } from "../browser/axe.mjs";
import { openPage, settled } from "../browser/chromium.mjs";

/** More than any screen has stops. */
const TABS_MAX = 300;

/** How many screens axe has nothing against, in both themes. */
export async function accessible(browser, base, addresses, waitMsMax) {
  let seen = 0;
  for (const theme of ["light", "dark"]) {
    const page = await openPage(browser, { theme });
    page.setDefaultTimeout(waitMsMax);
    for (const address of addresses) {
      await page.goto(base + address);
      await settled(page);
      assert.deepEqual(await violations(page), [], `${address}, ${theme}`);
      seen += 1;
    }
    await page.context().close();
  }
  return seen;
}

/** Presses Tab until the focus is on what `matches` says. */
async function tabTo(page, what, matches, given) {
  for (let tabs = 0; tabs < TABS_MAX; tabs++) {
    await page.keyboard.press("Tab");
    if (await page.evaluate(matches, given)) return;
  }
  assert.fail(`the keyboard does not reach ${what}`);
}

const named = (name) => document.activeElement?.innerText?.trim() === name;

/** What was reached by keys, from Happiness. */
export async function byKeyboard(page, base) {
  await page.goto(`${base}/sites/shop/happiness`);
  await settled(page);
  await tabTo(page, "a range", named, "28 days");
  await page.keyboard.press("Enter");
  await page.waitForURL(/range=28d/);
  await settled(page);

  await tabTo(page, "the filter form", () => /Filter$/.test(document.activeElement?.innerText ?? "") && document.activeElement.hasAttribute("aria-expanded"));
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement?.closest(".filter-form"));
  await tabTo(page, "a filter's value", () => document.activeElement?.getAttribute("role") === "combobox");
  await page.keyboard.type("/shop/checkout");
  await page.waitForFunction(() => [...document.querySelectorAll(".options li")].length > 0 && [...document.querySelectorAll(".options li")].every((option) => option.innerText.includes("/shop/checkout")));
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.waitForURL(/f=page:is:/);
  await settled(page);
  await page.locator(".chip").first().waitFor();

  await tabTo(page, "a row", () => document.activeElement?.matches("main .w-device a.row"));
  await page.keyboard.press("Enter");
  await page.waitForURL(/f=device:is:/);
  await settled(page);
  return ["range", "filter", "row"];
}
