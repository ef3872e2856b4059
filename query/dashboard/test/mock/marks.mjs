// What people and CI say about the invented shop: releases, notes, incidents, promises with their alerts; and what
// follows from it: comparisons and whom an incident hurt. In the shapes of the query API. For development and tests only.

import { happiness, iso, rangeOf, Refused, value } from "./answers.mjs";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const TIME = ["range", "from", "to", "tz"];

/** What each call takes. */
export const MARK_CALLS = {
  releases: TIME, annotations: TIME, incidents: [...TIME, "currency"], slos: ["step", "limit", "by"], alerts: [],
  compare: [...TIME, "metrics", "f", "who", "vs", "by", "limit"],
};

/** What is kept of one site, for `write` to change. `full` says whether it has a history. */
export function makeMarks(now, full) {
  const alert = (id, slo, rule, state, ago, words, page) => ({
    id, slo, promise: PROMISES.find((one) => one.id === slo).promise, rule, severity: rule.split("_")[0], state, since: iso(now - ago), resolved_at: state === "resolved" ? iso(now - ago + 2 * HOUR) : null, words, page,
    url: `/sites/shop/promises?slo=${slo}`, silenced_until: null, acknowledged_by: null,
  });
  if (!full) return { marked: [], notes: [], incidents: [], alerts: [], promises: [] };
  return {
    marked: [{ release: "2026.11.2", at: iso(now - 3.2 * DAY), note: "New checkout", url: "https://ci.example/builds/412" }, { release: "2026.11.3", at: iso(now - 1.4 * DAY), note: "Mends the checkout", url: null }],
    notes: [{ id: "sale", at: iso(now - 6 * DAY), to: iso(now - 5 * DAY), text: "Winter sale", author: "ada@shop.example" }],
    incidents: [
      { id: "payment-stuck", title: "Payment got stuck", from: iso(now - 2.6 * DAY), to: iso(now - 2.6 * DAY + 3 * HOUR), open: false, filters: ["page:glob:/checkout/*"], journey: "checkout", note: null, source: "api", author: "ada@shop.example" },
      { id: "slow-search", title: "Search is slow", from: iso(now - 5 * HOUR), to: null, open: true, filters: ["page:is:/search"], journey: null, note: null, source: "alert", author: "" },
    ],
    alerts: [
      alert("a1", "checkout-fast", "page_slow", "firing", 3 * HOUR, "Checkout feels fast: the budget of 28 days would be gone in 4 days.", "/checkout/pay"),
      alert("a2", "shop-happy", "ticket_fast", "resolved", 50 * HOUR, "The shop makes people happy: unhappy twice as fast as allowed.", "/p/:id"),
    ],
    promises: PROMISES,
  };
}

const PROMISES = [
  { id: "checkout-fast", promise: "Checkout feels fast", objective: 0.75, of: (row) => (row.page.startsWith("/checkout") && row.lcp !== null ? row.lcp <= 2500 : null) },
  { id: "shop-happy", promise: "The shop makes people happy", objective: 0.8, of: (row) => (row.level === null ? null : row.level === 0) },
  { id: "help-steady", promise: "Help pages hold still", objective: 0.9, of: (row) => (row.page.startsWith("/help") && row.cls !== null ? row.cls <= 0.1 : null) },
  { id: "app-opens", promise: "The app opens at once", objective: 0.95, of: () => null },
];

function counts(rows, promise) {
  const judged = rows.map(promise.of).filter((good) => good !== null);
  return { good: judged.filter(Boolean).length, valid: judged.length };
}

function left({ good, valid }, objective) {
  return valid === 0 ? null : 1 - (1 - good / valid) / (1 - objective);
}

function standing(world, promise, now, alerts) {
  const humans = world.filter((row) => row.bot === "");
  const since = (ms) => humans.filter((row) => row.at >= now - ms);
  const counted = counts(since(28 * DAY), promise);
  const remaining = left(counted, promise.objective);
  const burn = Object.fromEntries([["5m", 5 * MINUTE], ["1h", HOUR], ["6h", 6 * HOUR], ["3d", 3 * DAY]].map(([name, ms]) => {
    const { good, valid } = counts(since(ms), promise);
    return [name, valid === 0 ? null : (1 - good / valid) / (1 - promise.objective)];
  }));
  const status = remaining === null ? "no_data" : remaining < 0 ? "breached" : remaining < 0.25 ? "at_risk" : "ok";
  return {
    id: promise.id, promise: promise.promise, objective: promise.objective, sli: counted.valid === 0 ? null : counted.good / counted.valid, ...counted, status,
    budget: { remaining, consumed: remaining === null ? null : 1 - remaining, allowed_bad: counted.valid * (1 - promise.objective), bad: counted.valid - counted.good, exhausts_at: status === "at_risk" ? iso(now + 4 * DAY) : null,
      words: remaining === null ? "nothing has been counted yet" : status === "at_risk" ? "at this pace it lasts 4 days" : remaining < 0 ? "it is overspent" : "at this pace it lasts" },
    burn, coverage: counted.valid === 0 ? null : 0.997,
    alerts: ["page_fast", "page_slow", "ticket_fast", "ticket_slow"].map((rule, index) => {
      const held = alerts.find((alert) => alert.slo === promise.id && alert.rule === rule && alert.state === "firing");
      return { rule, severity: rule.split("_")[0], state: held ? "firing" : "inactive", since: held?.since ?? null, reachable: index > 0 || promise.objective > 0.93, factor: [14.4, 6, 3, 1][index], long_min: [60, 360, 1440, 4320][index], short_min: [5, 30, 120, 360][index] };
    }),
    window: { from: iso(now - 28 * DAY), to: iso(now) }, definition: { promise: promise.promise, objective: promise.objective, window: { rolling: "28d" } }, warnings: [],
  };
}

function burnDown(world, promise, now) {
  const rows = world.filter((row) => row.bot === "");
  const sum = { good: 0, valid: 0 };
  const whole = counts(rows, promise).valid;
  return Array.from({ length: 28 * 4 }, (_, index) => {
    const from = now - 28 * DAY + index * 6 * HOUR;
    const step = counts(rows.filter((row) => row.at >= from && row.at < from + 6 * HOUR), promise);
    sum.good += step.good;
    sum.valid += step.valid;
    return { time: iso(from), ...step, remaining: sum.valid === 0 ? null : 1 - (sum.valid - sum.good) / (whole * (1 - promise.objective)) };
  });
}

function spenders(world, promise, now) {
  const rows = world.filter((row) => row.bot === "" && promise.of(row) !== null);
  const all = counts(rows, promise);
  const found = ["page", "device", "country", "release"].flatMap((dimension) =>
    [...new Set(rows.map((row) => row[dimension]))].map((name) => {
      const { good, valid } = counts(rows.filter((row) => row[dimension] === name), promise);
      const bad = valid - good;
      const share = bad / (all.valid - all.good);
      return { dimension, value: name, valid, bad, share_of_bad: share, share_of_budget: bad / (all.valid * (1 - promise.objective)), lift: share / (valid / all.valid) };
    }));
  return found.sort((a, b) => b.bad - a.bad).slice(0, 20);
}

function releases(world, kept, from, to) {
  const seen = new Map();
  for (const row of world) if (row.bot === "") (seen.get(row.release) ?? seen.set(row.release, []).get(row.release)).push(row);
  const rows = [...seen].map(([release, members]) => {
    const mark = kept.marked.find((one) => one.release === release);
    const inside = members.filter((row) => row.at >= from && row.at < to);
    const mood = happiness(inside, true);
    const first = iso(members[0].at);
    return { release, at: mark?.at ?? first, source: mark ? "marked" : "seen", first_seen: first, last_seen: iso(members.at(-1).at), views: inside.length, happiness: mood.value, unhappiness: mood.unhappiness, low: mood.low, high: mood.high, note: mark?.note ?? null, url: mark?.url ?? null };
  });
  return rows.filter((row) => row.views > 0 || (Date.parse(row.at) >= from && Date.parse(row.at) < to)).sort((a, b) => b.at.localeCompare(a.at));
}

function difference(metric, rows, other) {
  const [a, b] = metric === "happiness" ? [happiness(rows, true), happiness(other, true)] : [value(rows, metric, ["p75"]), value(other, metric, ["p75"])];
  const score = metric === "happiness";
  const pick = (one) => (score ? one.value : one.p75);
  const half = (one) => (score ? (one.high - one.low) / 2 : (one.p75_high - one.p75_low) / 2);
  const few = a.count < 100 || b.count < 100;
  const by = few && (pick(a) === null || pick(b) === null) ? null : pick(a) - pick(b);
  const spread = by === null ? null : Math.hypot(half(a), half(b));
  const sure = by !== null && Math.abs(by) > spread;
  return {
    metric, unit: a.unit, stat: score ? "score" : "p75", value: pick(a), count: a.count, vs_value: pick(b), vs_count: b.count, difference: by, difference_low: by === null ? null : by - spread, difference_high: by === null ? null : by + spread,
    verdict: few ? "too_few" : !sure ? "no_difference" : by > 0 === score ? "better" : "worse", matched: !few, ...(score ? { unhappiness: a.unhappiness, vs_unhappiness: b.unhappiness } : {}),
  };
}

/** `vs=release`: the one before the release that is asked about, or before the newest; by release each against the one before it. */
function compareReleases(kept, world, params, chosen) {
  const names = releases(world, kept, chosen.from, chosen.to).filter((row) => row.views > 0).map((row) => row.release);
  const against = (release, before) => {
    const asked = new URLSearchParams(params);
    asked.set("vs", `release:${before}`);
    if (asked.get("by") === "release") asked.delete("by");
    return compare(world, Object.assign(asked, { encodedFilters: params.encodedFilters }), { ...chosen, rows: chosen.rows.filter((row) => row.release === release) });
  };
  if (params.get("by") === "release") {
    const pairs = names.slice(1).map((before, index) => [names[index], before]).slice(0, Number(params.get("limit") ?? 20));
    return { query: chosen.query, meta: chosen.meta, data: pairs.flatMap(([release, before]) => against(release, before).data.map((row) => ({ release, vs_release: before, ...row }))) };
  }
  const told = params.encodedFilters.find((text) => text.startsWith("release:is:"));
  const release = told === undefined ? names[0] : decodeURIComponent(told.slice(11));
  const before = names[names.indexOf(release) + 1];
  return before === undefined ? { query: chosen.query, meta: chosen.meta, data: [] } : against(release, before);
}

function compare(world, params, { rows, from, to, query, meta }) {
  const vs = params.get("vs") ?? "prev";
  const release = /^release:(.+)$/.exec(vs)?.[1];
  const offset = { prev: to - from, week: 7 * DAY, year: 364 * DAY }[vs] ?? 0;
  const span = vs.includes("/") ? vs.split("/").map((end) => Date.parse(end)) : [from - offset, to - offset];
  // The other filters hold for both sides.
  const page = params.encodedFilters.filter((text) => text.startsWith("page:is:")).map((text) => decodeURIComponent(text.slice(8)))[0];
  const device = params.encodedFilters.filter((text) => text.startsWith("device:is:")).map((text) => text.slice(10).split(","))[0];
  const side = (row) => row.bot === "" && (page === undefined || row.page === page) && (device === undefined || device.includes(row.device));
  const other = world.filter((row) => side(row) && (release === undefined ? row.at >= span[0] && row.at < span[1] : row.release === release && row.at >= from && row.at < to));
  const metrics = (params.get("metrics") ?? "happiness").split(",");
  const by = params.get("by");
  const mine = release === undefined || params.encodedFilters.some((text) => text.startsWith("release:is:")) ? rows : rows.filter((row) => row.release !== release);
  const data = by === null
    ? metrics.map((metric) => difference(metric, mine, other))
    : [...new Set(mine.map((row) => row[by]))].flatMap((name) => metrics.map((metric) => ({ [by]: name, ...difference(metric, mine.filter((row) => row[by] === name), other.filter((row) => row[by] === name)) })))
      .sort((a, b) => Math.abs(b.difference ?? 0) - Math.abs(a.difference ?? 0)).slice(0, Number(params.get("limit") ?? 20));
  return { query: { ...query, vs: release ? { release, from: query.from, to: query.to } : { from: iso(span[0]), to: iso(span[1]) } }, meta, data };
}

function impact(world, incident, now) {
  const [from, to] = [Date.parse(incident.from), incident.to === null ? now : Date.parse(incident.to)];
  const glob = incident.filters[0]?.split(":")[2] ?? "*";
  const touched = (row) => row.bot === "" && (glob.endsWith("*") ? row.page.startsWith(glob.slice(0, -1)) : row.page === glob);
  const rows = world.filter((row) => row.at >= from && row.at < to && touched(row));
  const hard = rows.filter((row) => row.cause === "broke" && row.level === 3);
  const soft = rows.filter((row) => row.level >= 2 && !hard.includes(row));
  const hurt = (hit) => ({ visitors: hit.length, sessions: hit.length, views: hit.length, share: rows.length === 0 ? null : hit.length / rows.length, low: rows.length === 0 ? null : Math.max(0, hit.length / rows.length - 0.03), high: rows.length === 0 ? null : hit.length / rows.length + 0.03 });
  const by = (dimension) => [...new Set(rows.map((row) => row[dimension]))].map((name) => {
    const of = (hit) => hit.filter((row) => row[dimension] === name).length;
    return { value: name, visitors: of(rows), hard: of(hard), soft: of(soft), views: of(rows), failed_views: of(hard) };
  }).sort((a, b) => b.hard + b.soft - a.hard - a.soft).slice(0, 8);
  const money = incident.journey === null ? { currency: null, immediate: null, future: null, total: null } : { currency: "EUR", immediate: 1240, future: 860, total: 2100 };
  return {
    exposed: { views: rows.length, sessions: rows.length, visitors: rows.length, recognised: 0 }, hurt: { hard: hurt(hard), soft: hurt(soft), first_failure: null, last_failure: null },
    retries: { views: 4, succeeded: 2, chains: 3, longest_chain: 2, amplification: 1.08, herd: 1.4, herd_views: 9 }, gave_up: { sessions: 3, median_s: 41 },
    journeys: incident.journey === null ? [] : [{ journey: "checkout", name: "Checkout", started: 61, completed: 38, recovered: 4, abandoned: 19, abandoned_after: [], control_rate: 0.18, excess: 8, low: 2.1, high: 13.9 }],
    lost: { visitors: null, low: null, high: null }, money, by: { page: by("page"), country: by("country"), device: by("device"), release: by("release") }, minutes: [],
    paragraphs: [
      `${incident.title}: ${rows.length} page views were made while it went on; ${hard.length} of them failed and ${soft.length} were painful or worse.`,
      incident.journey === null ? "No journey was named." : "Of 61 visits that began the checkout, 19 were abandoned and did not come back within a day: 8 more than a week before.",
    ],
  };
}

/** One GET. `chosen` is what the question's time and filters leave of the world. */
export function readMarks(kept, world, call, params, now, chosen) {
  const [kind, id, part] = call.split("/").map(decodeURIComponent);
  const [from, to] = rangeOf(params, now);
  const found = (rows) => rows.find((row) => row.id === id) ?? missing(kind, id);
  if (kind === "compare") return params.get("vs") === "release" ? compareReleases(kept, world, params, chosen) : compare(world, params, chosen);
  if (kind === "releases") return { data: releases(world, kept, from, to) };
  if (kind === "annotations") return { data: kept.notes.filter((note) => Date.parse(note.at) < to && Date.parse(note.to ?? note.at) >= from) };
  if (kind === "alerts") return { data: kept.alerts };
  if (kind === "incidents" && part === "impact") return { query: {}, meta: {}, data: impact(world, found(kept.incidents), now) };
  if (kind === "incidents") return { data: id === undefined ? kept.incidents.filter((row) => Date.parse(row.from) < to && (row.to === null || Date.parse(row.to) > from)) : found(kept.incidents) };
  if (id === undefined) return { data: kept.promises.map((promise) => standing(world, promise, now, kept.alerts)) };
  const promise = found(kept.promises);
  if (part === "budget") return { budget: standing(world, promise, now, kept.alerts).budget, data: burnDown(world, promise, now) };
  return part === "spenders" ? { data: spenders(world, promise, now) } : standing(world, promise, now, kept.alerts);
}

function missing(kind, id) {
  throw new Refused(404, `there is no ${id} among the ${kind}`);
}

/** One write: `{ status, body }`. */
export function writeMarks(kept, method, call, body) {
  const [kind, id, part] = call.split("/").map(decodeURIComponent);
  if (kind === "alerts" && part === "acknowledge") {
    const alert = kept.alerts.find((one) => one.id === id) ?? missing(kind, id);
    alert.acknowledged_by = "ada@shop.example";
    return { status: 200, body: { data: alert } };
  }
  if (kind === "incidents" && method === "POST") {
    if (!body.title) throw new Refused(400, "The body is not right", { detail: "title: say what happened" });
    const incident = { id: body.title.toLowerCase().replace(/[^a-z0-9]+/g, "-"), to: null, journey: null, note: null, filters: [], source: "api", author: "ada@shop.example", ...body, open: body.to == null };
    kept.incidents.unshift(incident);
    return { status: 201, body: { data: incident } };
  }
  if (kind === "incidents" && method === "PUT") {
    const at = kept.incidents.findIndex((one) => one.id === id);
    kept.incidents[at] = { ...kept.incidents[at], ...body, open: body.to == null };
    return { status: 200, body: { data: kept.incidents[at] } };
  }
  throw new Refused(404, "not found");
}
