// What the mock tells of visits: sessions put together from the invented page views, journeys, and what visitors said.
// `VISITS` maps the first part of a call to its answer: (context) → { data, meta? }, or null for "not found".

const LEVELS = ["delighted", "annoying", "painful", "brutal"];
const POINTS = [4, 3, 1, 0];
const GAP_MS = 30 * 60_000;

const iso = (at) => new Date(at).toISOString().replace(".000Z", "Z");
const countBy = (rows, holds) => rows.filter(holds).length;
const median = (values, p = 0.5) => (values.length === 0 ? null : [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(p * values.length))]);

/** Visits: page views of the same kind of visitor, close together. The same rows, the same visits. */
function visitsOf(rows) {
  const open = new Map();
  const visits = [];
  for (const row of rows) {
    const key = [row.country, row.device, row.browser, row.release].join();
    let visit = open.get(key);
    if (visit === undefined || row.at - visit.rows.at(-1).at > GAP_MS || visit.rows.length >= 9) {
      visit = { id: `v${row.at.toString(36).replace(".", "")}`, rows: [] };
      open.set(key, visit);
      visits.push(visit);
    }
    visit.rows.push(row);
  }
  return visits;
}

const level = (row) => (row.level === null ? null : LEVELS[row.level]);

function sessionRow(visit) {
  const { rows } = visit;
  const judged = rows.filter((row) => row.level !== null);
  const worst = judged.reduce((most, row) => (most === null || row.level > most.level ? row : most), null);
  const last = judged.at(-1);
  const points = worst === null ? null : POINTS[worst.level] + POINTS[last.level];
  return {
    session: visit.id, id: `${visit.id}.${Math.floor(rows[0].at / 1000)}`, started_at: iso(rows[0].at), ended_at: iso(rows.at(-1).at + 20_000), duration_ms: Math.round(rows.at(-1).at - rows[0].at + 20_000),
    views: rows.length, entry_page: rows[0].page, exit_page: rows.at(-1).page, country: rows[0].country || null, device: rows[0].device, os: rows[0].os, browser: rows[0].browser, release: rows[0].release,
    points, happiness: points === null ? null : (100 * points) / 8, worst_level: worst === null ? null : level(worst), last_level: last === undefined ? null : level(last), cause: worst?.cause || null,
    failed_views: countBy(rows, (row) => row.cause === "broke"), errors: countBy(rows, (row) => row.cause === "broke"), rage_clicks: countBy(rows, (row) => row.cause === "slow_react" && row.level > 1),
    has_feedback: saidIn(visit) !== null, steps: [],
  };
}

const WORDS = ["Took ages to pay", "I clicked and nothing happened", "Nice and quick!", "The page jumped when I wanted to click <b>Buy</b>", "Could not find the returns label"];

/** Every hundredth visit says something, by its first view's time. */
function saidIn(visit) {
  const first = visit.rows[0];
  if (Math.floor(first.at) % 97 !== 0 || first.level === null) return null;
  const view = visit.rows.at(-1);
  return { at: view.at + 15_000, row: view, score: view.level === null ? null : 5 - view.level, of: 5, text: WORDS[view.level === 0 ? 2 : Math.floor(first.at) % WORDS.length] };
}

function timeline(visit) {
  const lines = visit.rows.flatMap((row, index) => {
    const base = { page: row.page, view: `view${index}`, level: level(row), cause: row.cause || null };
    const found = [{ at: iso(row.at), type: "view", ...base, lcp: row.lcp, inp: row.inp, cls: row.cls, path: row.path, title: null, nav: row.nav, status: 200, failed: row.cause === "broke", left_ms: 20_000 }];
    if (row.page === "/checkout/pay") found.push({ at: iso(row.at + 4000), type: "step", ...base, journey: "checkout", step: "pay", amount: 49.9, currency: "EUR", failed: false });
    if (row.cause === "broke") found.push({ at: iso(row.at + 2500), type: "error", ...base, message: "TypeError: cart.total is undefined", source: "/assets/app.js:1:2345", fatal: true });
    if (row.cause === "slow_react" && row.level > 1) found.push({ at: iso(row.at + 5000), type: "rage_click", ...base, target: "button#buy" });
    return found;
  });
  const said = saidIn(visit);
  if (said !== null) lines.push({ at: iso(said.at), type: "feedback", page: said.row.page, view: "view", level: level(said.row), cause: said.row.cause || null, score: said.score, of: said.of, text: said.text });
  return lines.sort((a, b) => a.at.localeCompare(b.at));
}

function sessions({ rows, world, rest, params, scopes, Refused }) {
  if (!scopes.includes("read:sessions")) throw new Refused(403, "Not allowed", { detail: "this token has no scope read:sessions for this site" });
  if (rest !== undefined) {
    const visit = visitsOf(world.filter((row) => row.bot === "")).find(({ id }) => id === rest.split(".")[0]);
    return visit === undefined ? null : { data: { ...sessionRow(visit), timeline: timeline(visit), visits: [{ id: sessionRow(visit).id, started_at: iso(visit.rows[0].at), views: visit.rows.length }] } };
  }
  const found = visitsOf(rows).map(sessionRow);
  const order = params.get("order") ?? "-started_at";
  const key = { started_at: (row) => Date.parse(row.started_at), unhappy: (row) => (row.points === null ? -1 : 8 - row.points), views: (row) => row.views }[order.replace("-", "")];
  found.sort((a, b) => (order.startsWith("-") ? key(b) - key(a) : key(a) - key(b)));
  return { data: found.slice(0, Number(params.get("limit") ?? 100)), meta: { groups: found.length } };
}

function feedback({ rows, params, scopes, Refused }) {
  if (!scopes.includes("read:sessions")) throw new Refused(403, "Not allowed", { detail: "this token has no scope read:sessions for this site" });
  const found = visitsOf(rows).flatMap((visit) => {
    const said = saidIn(visit);
    return said === null ? [] : [{ at: iso(said.at), score: said.score, of: said.of, text: said.text, page: said.row.page, view: "view", session: visit.id, visit: `${visit.id}.${Math.floor(said.at / 1000)}`, level: level(said.row), cause: said.row.cause || null, lcp: said.row.lcp }];
  }).reverse();
  const scored = found.filter((row) => row.score !== null);
  return { data: found.slice(0, Number(params.get("limit") ?? 100)), meta: { count: found.length, mean: scored.length === 0 ? null : scored.reduce((sum, row) => sum + row.score / row.of, 0) / scored.length } };
}

const CHECKOUT = [["Basket", "/basket"], ["Address", "/checkout/address"], ["Pay", "/checkout/pay"]];

/** Slow pages lose people: who goes on is decided by how long the page took. */
function checkout(rows) {
  const began = rows.filter((row) => row.page === "/basket");
  const stays = (row, step) => (row.lcp ?? 9000) < [5200, 4300, 3400][step] - ((row.at % 7) * 220);
  const stages = [began];
  for (let step = 0; step < 3; step++) stages.push(stages[step].filter((row) => stays(row, step)));
  return stages;
}

function journeys({ rows, rest, world, Refused }) {
  const stages = checkout(rows);
  const [began, , , done] = stages;
  const judged = began.filter((row) => row.level !== null);
  const row = {
    id: "checkout", name: "Checkout", defined: true, steps: 3, started: began.length, completed: done.length, completion: began.length ? done.length / began.length : null, abandoned: began.length - done.length,
    failed: countBy(began, (one) => one.cause === "broke"), views: began.length * 2, happiness: judged.length ? (100 * judged.reduce((sum, one) => sum + POINTS[one.level], 0)) / (4 * judged.length) : null, judged: judged.length,
    median_s: done.length ? 94 : null, p75_s: done.length ? 161 : null, within_s: 120, in_time: Math.round(done.length * 0.6), in_time_share: began.length ? (done.length * 0.6) / began.length : null,
    lost_amount: began.length ? Math.round((began.length - done.length) * 49.9) : null, currency: began.length ? "EUR" : null,
  };
  const search = { ...row, id: "find-help", name: "find-help", defined: false, started: Math.min(22, began.length), completed: 9, completion: 9 / 22, abandoned: 13, happiness: null, judged: 0, median_s: null, p75_s: null, lost_amount: null, currency: null, within_s: null, in_time_share: null };
  if (rest === undefined) return { data: world.length === 0 || began.length === 0 ? [] : [row, search] };
  const [id, what] = rest.split("/");
  if (id !== "checkout") throw new Refused(404, "Not found", { detail: "nobody defined such a journey, and no events of that time tell one" });
  if (what === undefined) return { data: { ...row, definition: { name: "Checkout", steps: CHECKOUT.map(([name, page]) => ({ name, page })), within_s: 120 } } };
  if (what === "funnel") {
    return { data: CHECKOUT.map(([step], index) => {
      const [entered, continued] = [stages[index].length, stages[index + 1].length];
      return { step, index, entered, continued, left: entered - continued, drop_off: entered ? (entered - continued) / entered : null, of_start: began.length ? entered / began.length : null, timed: continued, median_s: index === 2 ? null : 24 + 17 * index, p75_s: null, happiness: median(stages[index].filter((one) => one.level !== null).map((one) => 25 * POINTS[one.level])) , judged: entered, failed_views: index === 2 ? 14 : 0 };
    }) };
  }
  const edges = [0, 1, 3, 5, null];
  return { meta: { words: null }, data: LEVELS.map((name, index) => {
    const inside = began.filter((one) => (one.lcp ?? 9000) / 1000 >= edges[index] && (edges[index + 1] === null || (one.lcp ?? 9000) / 1000 < edges[index + 1]));
    const completed = inside.filter((one) => done.includes(one)).length;
    const share = inside.length ? completed / inside.length : null;
    const half = inside.length ? 1.96 * Math.sqrt(Math.max(0.01, share * (1 - share)) / inside.length) : 0;
    return { from_s: edges[index], to_s: edges[index + 1], level: name, started: inside.length, completed, completion: share, completion_matched: share, low: share === null ? null : Math.max(0, share - half), high: share === null ? null : Math.min(1, share + half) };
  }) };
}

export const VISITS = { sessions, feedback, journeys };
