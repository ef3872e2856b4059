// A small invented shop: page views of 28 days, made from a seed, with a story to see.
// Release 412 made /checkout/pay slow; phones feel it more; two hours of yesterday have no data; a few pages are seldom seen.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const PAGES = [
  ["/", 30, 1300], ["/c/:category", 22, 1700], ["/p/:id", 26, 1900], ["/search", 9, 2300], ["/basket", 6, 1600], ["/checkout/address", 3, 1800],
  ["/checkout/pay", 3.4, 2900], ["/account/orders", 2, 2100], ["/help/returns", 0.6, 1200], ["/help/shipping-to-islands-and-remote-places", 0.12, 1500], ["/press", 0.03, 1400],
];
const COUNTRIES = [["DE", 38, 1], ["FR", 17, 1.05], ["US", 14, 1.2], ["GB", 10, 1.05], ["IN", 7, 1.9], ["BR", 5, 1.6], ["PL", 4, 1.1], ["JP", 3, 1.1], ["SE", 1.5, 0.9], ["ZA", 0.6, 1.7], ["", 0.4, 1]];
const DEVICES = [["mobile", 56, 1.35], ["desktop", 39, 0.8], ["tablet", 5, 1.1]];
const BROWSERS = [["Chrome", 58, 1], ["Safari", 24, 0.95], ["Firefox", 8, 1], ["Edge", 7, 1], ["Samsung Internet", 3, 1.3]];

function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function picker(rows) {
  const total = rows.reduce((sum, row) => sum + row[1], 0);
  return (random) => {
    let left = random() * total;
    for (const row of rows) if ((left -= row[1]) < 0) return row;
    return rows[rows.length - 1];
  };
}

const levelOf = (value, [a, b, c]) => (value <= a ? 0 : value <= b ? 1 : value <= c ? 2 : 3);

export function makeWorld({ now, views = 24_000, seed = 7 }) {
  const random = randomFrom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const [page, country, device, browser] = [PAGES, COUNTRIES, DEVICES, BROWSERS].map(picker);
  const rows = [];
  while (rows.length < views) {
    // More visits lately, and by day: rejection against the hour's usual traffic.
    const at = now - 28 * DAY * random() ** 1.25;
    const hour = (at / HOUR) % 24;
    if (random() > 0.25 + 0.75 * Math.max(0, Math.sin(((hour - 6) / 18) * Math.PI))) continue;
    if (at > now - 31 * HOUR && at < now - 29 * HOUR) continue;
    const [[path, , base], [land, , far], [kind, , weak], [agent, , slow]] = [page(random), country(random), device(random), browser(random)];
    const age = now - at;
    const release = age > 16 * DAY ? "2026.10.4" : age > 3.2 * DAY ? "2026.11.1" : age > 1.4 * DAY ? (random() < 0.9 ? "2026.11.2" : "2026.11.1") : random() < 0.85 ? "2026.11.3" : "2026.11.2";
    const bot = random() < 0.06;
    const broken = release === "2026.11.2" && (path === "/checkout/pay" || path === "/basket");
    const lcp = Math.round(base * far * weak * slow * (broken ? 2.1 : 1) * Math.exp(0.42 * normal()) * 10) / 10;
    const inp = random() < 0.72 ? Math.round(95 * weak * slow * (path === "/search" ? 3.2 : 1) * Math.exp(0.7 * normal())) : null;
    const cls = Math.round((path === "/c/:category" ? 0.09 : 0.018) * Math.exp(0.9 * normal()) * 1000) / 1000;
    const failed = random() < (broken ? 0.03 : 0.004);
    const gaveUp = lcp > 5200 && random() < 0.4;
    const found = [[levelOf(lcp, [2500, 4000, 8000]), gaveUp ? "gave_up" : "slow_open"], [inp === null ? 0 : levelOf(inp, [200, 500, 1000]), "slow_react"], [levelOf(cls, [0.1, 0.25, 0.5]), "jumped"], [failed ? 3 : 0, "broke"]];
    const [level, cause] = found.reduce((worst, next) => (next[0] > worst[0] ? next : worst));
    rows.push({
      at, page: path, path: path.replace(":id", String(Math.floor(random() * 40))), country: land, device: kind, browser: agent, release, os: kind === "desktop" ? "Windows" : "Android",
      nav: random() < 0.7 ? "navigate" : "soft", connection: "4g", lang: "de", referrer: "", region: "", browser_version: "141", bot: bot ? "Googlebot" : "",
      lcp: gaveUp ? null : lcp, inp, cls, level: bot ? null : level, cause: level > 0 && !bot ? cause : "",
    });
  }
  return rows.sort((a, b) => a.at - b.at);
}
