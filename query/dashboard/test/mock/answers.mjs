// Answers the query API's calls from invented page views, in the shapes of the contract. For development and tests only.

import { MARK_CALLS, readMarks } from "./marks.mjs";
import { VISITS } from "./visits.mjs";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const LIMITS = { lcp: [2500, 4000], inp: [200, 500], cls: [0.1, 0.25] };
const UNITS = { lcp: "ms", inp: "ms", cls: "score", happiness: "score" };
const LEVELS = ["delighted", "annoying", "painful", "brutal"];
const POINTS = [4, 3, 1, 0];
const CAUSES = ["slow_open", "slow_react", "jumped", "broke", "gave_up"];
const DIMENSIONS = ["page", "path", "country", "region", "device", "os", "browser", "browser_version", "connection", "release", "nav", "referrer", "lang", "bot", "cause"];

export class Refused extends Error {
  constructor(status, title, extra = {}) {
    super(title);
    this.status = status;
    this.body = { type: "about:blank", title, status, ...extra };
  }
}

export const iso = (at) => new Date(at).toISOString().replace(".000Z", "Z");

export function rangeOf(params, now) {
  const end = Math.ceil(now / MINUTE) * MINUTE;
  const range = params.get("range") ?? (params.has("from") ? null : "7d");
  if (range === null) return [Date.parse(params.get("from")), params.has("to") ? Date.parse(params.get("to")) : end];
  const match = /^(\d+)([mhdw])$/.exec(range);
  if (!match) throw new Refused(400, "unknown range", { detail: `${range} is no range`, did_you_mean: "7d" });
  const from = end - Number(match[1]) * { m: MINUTE, h: HOUR, d: DAY, w: 7 * DAY }[match[2]];
  return [end - from > 7 * DAY ? Math.floor(from / HOUR) * HOUR : from, end];
}

const matchers = {
  set: ([word]) => (value) => (value !== "") === (word !== "false"),
  is: (values) => (value) => values.includes(value),
  not: (values) => (value) => !values.includes(value),
  prefix: (values) => (value) => values.some((prefix) => value.startsWith(prefix)),
  glob: (values) => {
    const patterns = values.map((glob) => new RegExp(`^${glob.replace(/[.+^${}()|[\]\\]/g, "\\$&").replace(/\*/g, ".*").replace(/\?/g, ".")}$`, "i"));
    return (value) => patterns.some((pattern) => pattern.test(value));
  },
};

function chosen(world, params, now) {
  const [from, to] = rangeOf(params, now);
  const who = params.get("who") ?? "humans";
  let rows = world.filter((row) => row.at >= from && row.at < to && (who === "all" || (who === "bots") === (row.bot !== "")));
  for (const text of params.encodedFilters) {
    const [dimension, op, rest = ""] = text.split(":").length > 2 ? [text.split(":")[0], text.split(":")[1], text.split(":").slice(2).join(":")] : text.split(":");
    if (!DIMENSIONS.includes(dimension)) throw new Refused(400, "unknown dimension", { detail: `there is no dimension ${dimension}`, did_you_mean: "device" });
    const holds = matchers[op]?.(rest.split(",").map(decodeURIComponent));
    if (!holds) throw new Refused(400, "unknown operator", { detail: `there is no operator ${op}` });
    rows = rows.filter((row) => holds(row[dimension]));
  }
  return { rows, from, to };
}

export function happiness(rows, flat) {
  const counts = [0, 0, 0, 0];
  const causes = Object.fromEntries(CAUSES.map((cause) => [cause, 0]));
  for (const row of rows) {
    if (row.level === null) continue;
    counts[row.level]++;
    if (row.cause) causes[row.cause]++;
  }
  const n = counts.reduce((a, b) => a + b, 0);
  const hurt = n - counts[0];
  const mean = n === 0 ? 0 : counts.reduce((sum, count, level) => sum + count * POINTS[level], 0) / (4 * n);
  const z = 1.959963984540054;
  const centre = (mean + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((mean * (1 - mean)) / n + (z * z) / (4 * n * n));
  const score = n === 0 ? { value: null, low: null, high: null, unhappiness: null } : { value: 100 * mean, low: 100 * (centre - half), high: 100 * (centre + half), unhappiness: 100 - 100 * mean };
  const levels = flat ? Object.fromEntries(LEVELS.map((level, index) => [level, counts[index]])) : { levels: LEVELS.map((level, index) => ({ level, count: counts[index] })) };
  return { metric: "happiness", unit: "score", count: n, ...score, ...levels, causes: hurt === 0 ? null : Object.fromEntries(CAUSES.map((cause) => [cause, causes[cause] / hurt])) };
}

export function value(rows, metric, stats) {
  const values = rows.map((row) => row[metric]).filter((one) => one !== null).sort((a, b) => a - b);
  const n = values.length;
  const limits = LIMITS[metric];
  const rank = (p) => (n === 0 ? null : values[Math.min(n - 1, Math.max(0, Math.ceil(p * n) - 1))]);
  const spread = 1.96 * Math.sqrt(0.75 * 0.25 * n);
  const good = values.filter((one) => one <= limits[0]).length;
  const fair = values.filter((one) => one > limits[0] && one <= limits[1]).length;
  const share = (count) => (n === 0 ? null : count / n);
  const percentiles = Object.fromEntries(stats.filter((stat) => stat.startsWith("p")).map((stat) => [stat, rank(Number(stat.slice(1)) / 100)]));
  return {
    metric, unit: UNITS[metric], count: n, ...percentiles, p75_low: rank(0.75 - spread / (n || 1)), p75_high: rank(0.75 + spread / (n || 1)),
    rating: n === 0 ? null : good >= Math.ceil(0.75 * n) ? "good" : good + fair >= Math.ceil(0.75 * n) ? "fair" : "poor",
    good: share(good), fair: share(fair), poor: share(n - good - fair), limits,
  };
}

function records(rows, params, flat) {
  const stats = (params.get("stats") ?? "p75").split(",");
  return (params.get("metrics") ?? "happiness,lcp,inp,cls").split(",").map((metric) => {
    if (metric === "happiness") return happiness(rows, flat);
    if (!(metric in LIMITS)) throw new Refused(400, "unknown metric", { detail: `there is no metric ${metric}`, did_you_mean: "lcp" });
    return value(rows, metric, stats);
  });
}

function series(rows, from, to, params) {
  const asked = { "1m": MINUTE, "5m": 5 * MINUTE, "1h": HOUR, "1d": DAY }[params.get("step")];
  if (asked !== undefined && (to - from) / asked > 1000) throw new Refused(400, "too many points", { detail: "the smallest step for this range is 1d" });
  const step = asked ?? [MINUTE, 5 * MINUTE, HOUR, DAY].find((ms) => (to - from) / ms <= 200) ?? DAY;
  const start = Math.floor(from / step) * step;
  const cells = Array.from({ length: Math.ceil((to - start) / step) }, () => []);
  for (const row of rows) cells[Math.floor((row.at - start) / step)]?.push(row);
  return cells.flatMap((cell, index) => records(cell, params, true).map((record) => ({ time: iso(start + index * step), ...record })));
}

function breakdown(rows, params) {
  const by = params.get("by");
  if (!DIMENSIONS.includes(by)) throw new Refused(400, "unknown dimension", { detail: `there is no dimension ${by}` });
  const groups = Object.entries(Object.groupBy ? Object.groupBy(rows, (row) => row[by]) : groupBy(rows, by));
  const order = params.get("order") ?? "-views";
  const sign = order.startsWith("-") ? -1 : 1;
  const key = order.replace(/^-/, "");
  const measured = groups.map(([name, members]) => ({ name, members, mood: happiness(members, true) }));
  const rankOf = ({ name, members, mood }) =>
    key === by ? name : key === "views" || key === "count" ? members.length : key === "lost" ? (mood.unhappiness ?? 0) * mood.count
    : key === "unhappy" ? mood.unhappiness ?? -1 : key === "happiness" || key === "value" ? mood.value ?? 101 : value(members, key.split(".")[0], ["p75"]).p75 ?? -1;
  measured.sort((a, b) => {
    const [x, y] = [rankOf(a), rankOf(b)];
    return sign * (typeof x === "string" ? x.localeCompare(y) : x - y);
  });
  const shown = measured.slice(0, Number(params.get("limit") ?? 50));
  const data = shown.flatMap(({ name, members }) => records(members, params, true).map((record) => ({ [by]: name || null, ...record, views: members.length, share: members.length / rows.length })));
  return [data, measured.length];
}

function groupBy(rows, by) {
  const groups = {};
  for (const row of rows) (groups[row[by]] ??= []).push(row);
  return groups;
}

const BIN_EDGES = {
  lcp: [0, 500, 1000, 1500, 2000, 2500, 3000, 3500, 4000, 5000, 6000, 7000, 8000, 10000],
  inp: [0, 50, 100, 150, 200, 300, 400, 500, 750, 1000, 2000],
  cls: [0, 0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.25, 0.5, 1],
};

function distribution(rows, params) {
  const metric = params.get("metric");
  const values = rows.map((row) => row[metric]).filter((one) => one !== null && one !== undefined);
  const [good, poor] = LIMITS[metric];
  return BIN_EDGES[metric].map((from, index, edges) => {
    const to = edges[index + 1] ?? null;
    const count = values.filter((one) => (one > from || (from === 0 && one === 0)) && (to === null || one <= to)).length;
    return { metric, from, to, count, share: values.length === 0 ? null : count / values.length, rating: to !== null && to <= good ? "good" : to !== null && to <= poor ? "fair" : "poor" };
  });
}

function values(rows, dimension, params) {
  if (!DIMENSIONS.includes(dimension)) throw new Refused(400, "unknown dimension");
  const q = (params.get("q") ?? "").toLowerCase();
  const counts = new Map();
  for (const row of rows) counts.set(row[dimension], (counts.get(row[dimension]) ?? 0) + 1);
  return [...counts].filter(([name]) => name.toLowerCase().includes(q)).sort((a, b) => b[1] - a[1]).slice(0, Number(params.get("limit") ?? 20)).map(([name, count]) => ({ value: name, count }));
}

/** What each call takes, as in the real one: a parameter too many is a 400. */
const TIME = ["range", "from", "to", "tz"];
const KNOWN = {
  schema: [], health: TIME, values: [...TIME, "f", "who", "q", "limit"], summary: [...TIME, "metrics", "stats", "f", "who"],
  series: [...TIME, "metrics", "stats", "f", "who", "step"], distribution: [...TIME, "metric", "f", "who"],
  breakdown: [...TIME, "metrics", "stats", "by", "f", "who", "order", "limit", "cursor", "min"],
  sessions: [...TIME, "f", "who", "order", "limit", "cursor", "min"], feedback: [...TIME, "f", "who", "limit", "cursor"], journeys: [...TIME, "f", "who"],
  ...MARK_CALLS,
};

/** What became of what arrived, for so many views. */
function account(views) {
  const [replaced, opted_out, never_activated, origin_not_allowed] = [1.6, 0.012, 0.02, 0.004].map((share) => Math.round(views * share));
  const some = (counts) => Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
  return {
    received: views + replaced + opted_out + never_activated + origin_not_allowed, accepted: views, replaced, filtered: some({ never_activated, opted_out }), refused: some({ origin_not_allowed }),
    field_drops: some({ "metrics.inp": Math.round(views / 900) }), folded: some({ referrer: Math.round(views / 300) }),
  };
}

/** One GET below /api/v1/sites/{site}/. */
export function answer(world, call, url, now, kept, scopes = ["read:metrics", "read:sessions"]) {
  const params = url.searchParams;
  params.encodedFilters = url.search.slice(1).split("&").filter((pair) => pair.startsWith("f=")).map((pair) => pair.slice(2));
  const [kind, rest] = call.split("/");
  for (const name of params.keys()) if (!KNOWN[kind]?.includes(name)) throw new Refused(400, "unknown parameter", { detail: `there is no parameter ${name}` });
  const { rows, from, to } = chosen(world, params, now);
  const meta = { fresh_to: iso(now - 2000), source: "rollup", sample_rate: 1, views: rows.length, warnings: [] };
  const query = { from: iso(from), to: iso(to), tz: params.get("tz") ?? "UTC", who: params.get("who") ?? "humans" };
  if (kind in VISITS) {
    const found = VISITS[kind]({ rows, world, rest: call.includes("/") ? decodeURIComponent(call.slice(kind.length + 1)) : undefined, params, scopes, Refused });
    if (found === null) throw new Refused(404, "Not found", { detail: "there is no such session, or it is gone: single page views are kept for 30 days" });
    return { query, meta: { ...meta, ...found.meta }, data: found.data };
  }
  if (kind === "schema") return { query: {}, meta, data: { dimensions: [...DIMENSIONS.map((name) => ({ name, ops: ["is", "not", "glob", "prefix", "set"] })), { name: "tag:plan", ops: ["is", "not", "glob", "prefix", "gt", "lt", "set"] }] } };
  if (kind === "summary") return { query, meta, data: records(rows, params, false) };
  if (kind === "series") return { query, meta, data: series(rows, from, to, params) };
  if (kind === "breakdown") {
    const [data, groups] = breakdown(rows, params);
    return { query, meta: { ...meta, groups }, data };
  }
  if (kind === "distribution") return { query, meta, data: distribution(rows, params) };
  if (kind === "values") return { query, meta, data: values(rows, decodeURIComponent(rest), params) };
  if (kind === "health") {
    return { query, meta, data: { fresh_to: meta.fresh_to, lag_seconds: 2, ...account(rows.length), bot_share: rows.length === 0 ? null : 0.06, views: rows.length, waiting: world.length === 0 } };
  }
  if (kind in MARK_CALLS) return readMarks(kept, world, call, params, now, { rows, from, to, query, meta });
  throw new Refused(404, "not found");
}
