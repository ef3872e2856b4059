// Each screen's question is answered by its sentence: what stands there has to be what the API answers to the same question. The
// expected figures are reckoned here from the API's rows, and not with the dashboard's own code.

import assert from "node:assert/strict";
import { settled } from "../browser/chromium.mjs";

const count = (number) => new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 }).format(number);
const score = (number) => String(Math.round(number));
const percent = (ratio, digits) => new Intl.NumberFormat("en-GB", { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits }).format(ratio);

/** A part of a whole as the dashboard writes it: something is never nothing, nor nearly all everything. */
function share(ratio) {
  if (ratio > 0 && ratio < 0.001) return `< ${percent(0.001, 1)}`;
  if (ratio < 1 && ratio > 0.999) return `> ${percent(0.999, 1)}`;
  return percent(ratio, (ratio > 0 && ratio < 0.01) || (ratio > 0.99 && ratio < 1) ? 1 : 0);
}

const sum = (counts) => Object.values(counts).reduce((total, number) => total + number, 0);
const most = (rows, weigh) => rows.reduce((best, row) => (weigh(row) > weigh(best) ? row : best));

/** What the sentence of each screen has to hold; `ask` is answered with a call's whole answer, for the same time. */
const EXPECTED = {
  async happiness(ask) {
    const { data: [row] } = await ask("summary", "metrics=happiness");
    const cause = most(Object.entries(row.causes), ([, part]) => part)[0];
    const words = { slow_open: "slow opening", slow_react: "slow reactions", jumped: "jumping content", broke: "errors", gave_up: "give up" };
    return [`${score(row.value)} of 100`, words[cause]];
  },
  async journeys(ask) {
    const { data } = await ask("journeys");
    const worst = most(data, (row) => (row.lost_amount ?? 0) * 1e9 + row.abandoned);
    return [worst.name, `${count(worst.abandoned)} of ${count(worst.started)} visits`];
  },
  async pages(ask) {
    const { data: [all] } = await ask("summary", "metrics=happiness");
    const { data: pages } = await ask("breakdown", "by=page&metrics=happiness&order=-lost&limit=3");
    const lost = (row) => row.unhappiness * row.count;
    const worst = most(pages.filter(({ page }) => page !== "(other)"), lost);
    return [worst.page, `${share(lost(worst) / lost(all))} of all that was lost`];
  },
  async promises(ask) {
    const { data } = await ask("slos", null);
    const judged = data.filter(({ status }) => status !== "no_data");
    const kept = judged.filter(({ status }) => status === "ok" || status === "at_risk");
    const worst = most(judged, ({ status, budget }) => ["ok", "at_risk", "exhausted", "breached"].indexOf(status) * 1e3 - budget.remaining);
    const left = worst.budget.remaining < 0 ? `overspent by ${share(-worst.budget.remaining)}` : share(worst.budget.remaining);
    return kept.length === data.length ? [`All ${kept.length}`] : [`${kept.length} of ${data.length}`, worst.promise, left];
  },
  async releases(ask) {
    const { data } = await ask("releases");
    const [newest, before] = data.filter(({ views }) => views > 0);
    const { data: [row] } = await ask("compare", `f=release:is:${newest.release}&vs=release:${before.release}&metrics=happiness`);
    const words = { better: `${score(Math.abs(row.difference))} points more`, worse: `${score(Math.abs(row.difference))} points less`, no_difference: "no different", too_few: "too few" };
    return [newest.release, before.release, words[row.verdict]];
  },
  async incidents(ask) {
    const { data } = await ask("incidents");
    return [`${data.length} incident`, data.some(({ open }) => open) ? "goes on" : "all are over"];
  },
  async sessions(ask) {
    const { data, meta } = await ask("sessions", "order=-unhappy&limit=25");
    const worst = most(data.filter(({ points }) => points !== null), ({ points }) => -points);
    return [meta.groups === undefined ? `${data.length} visits` : `${count(meta.groups)} visits`, `${count(worst.points)} of 8 points`];
  },
  async health(ask) {
    const { data } = await ask("health");
    const refused = sum(data.refused) / data.received;
    if (refused > 0.02) return [`${share(refused)} of what arrived was refused`];
    const late = Date.now() - Date.parse(data.fresh_to) > 15 * 60_000;
    return late ? ["These figures are late"] : ["You can trust these figures", share((data.accepted + data.replaced) / data.received)];
  },
};

/** When the reports arrived, and not the views in them: the demo sent all of its history just now. */
const TIMES = { health: "range=24h&tz=Europe/Berlin" };

/** How many screens' sentences agree with the API. `time` is the range in the grammar of the address. */
export async function sentences(page, base, time, waitMsMax) {
  for (const [screen, expect] of Object.entries(EXPECTED)) {
    const over = TIMES[screen] ?? time;
    const ask = async (call, own = "") => {
      const answer = await fetch(`${base}/api/v1/sites/shop/${call}${own === null ? "" : `?${[over, own].filter(Boolean).join("&")}`}`);
      assert.ok(answer.ok, `${call}: ${answer.status}`);
      return answer.json();
    };
    await page.goto(`${base}/sites/shop/${screen}?${over}`);
    // Promises are judged at this moment: both sides are asked again until they speak of the same one.
    const end = Date.now() + waitMsMax;
    for (;;) {
      await settled(page);
      const said = (await page.locator("h1").innerText()).replace(/\s+/g, " ");
      const missing = (await expect(ask)).filter((part) => !said.includes(part));
      if (missing.length === 0) break;
      assert.ok(Date.now() < end, `${screen} says “${said}”, and not ${missing.join(", ")}`);
      await page.reload();
    }
  }
  return Object.keys(EXPECTED).length;
}
