// Pictures of the screens for a person to look at: light and dark, wide and phone. `npm run screenshots -- DIR`.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { launchChromium, openPage, settled } from "./browser/chromium.mjs";
import { startMock } from "./mock/server.mjs";

const dir = process.argv[2] ?? "screenshots";
const only = process.argv[3];
const SCREENS = {
  happiness: "/sites/shop/happiness?range=28d",
  filtered: "/sites/shop/happiness?range=7d&f=device:is:mobile&f=country:not:IN",
  pages: "/sites/shop/pages?range=7d",
  detail: "/sites/shop/pages?range=28d&page=/checkout/pay",
  journeys: "/sites/shop/journeys?range=28d",
  journey: "/sites/shop/journeys?range=28d&id=checkout",
  "no-journeys": "/sites/quiet/journeys?range=1h",
  sessions: "/sites/shop/sessions?range=7d",
  visit: "/sites/shop/sessions?range=7d&id=$VISIT",
  health: "/sites/shop/health?range=7d",
  settings: "/sites/shop/settings",
  compared: "/sites/shop/happiness?range=7d&vs=week",
  promises: "/sites/shop/promises?range=28d",
  promise: "/sites/shop/promises?range=28d&id=checkout-fast",
  releases: "/sites/shop/releases?range=28d",
  incidents: "/sites/shop/incidents?range=7d",
  incident: "/sites/shop/incidents?range=7d&id=payment-stuck",
  quiet: "/sites/quiet/happiness?range=7d",
  fresh: "/sites/fresh/happiness",
};
const SIZES = { wide: [1440, 900], phone: [360, 780] };

await mkdir(dir, { recursive: true });
const mock = await startMock();
// Ids are the mock's own: that of the unhappiest visit is asked for.
const { data: [unhappiest] } = await (await fetch(`${mock.url}/api/v1/sites/shop/sessions?range=7d&order=-unhappy&limit=300`)).json().then(({ data }) => ({ data: data.filter((visit) => visit.views > 3 && visit.rage_clicks > 0) }));
const browser = await launchChromium();
for (const [name, path] of Object.entries(SCREENS)) {
  if (only && !only.split(",").includes(name)) continue;
  for (const [size, [width, height]] of Object.entries(SIZES)) {
    for (const theme of ["light", "dark"]) {
      const page = await openPage(browser, { width, height, theme });
      await page.goto(mock.url + path.replace("$VISIT", unhappiest.id));
      await settled(page);
      await page.screenshot({ path: join(dir, `${name}-${size}-${theme}.png`), fullPage: true });
      await page.context().close();
    }
  }
}
await browser.close();
await mock.stop();
