// What the mock keeps of a site's page rules: those of the configuration until it has rules of its own, tried on a few invented paths.

const CONFIGURED = [{ pattern: "/shop/*/reviews/**", page: "/shop/:product/reviews" }];
/** Paths of the last days, with how often each was viewed. */
const PATHS = [
  ["/", 9_120], ["/shop/lamp", 4_310], ["/shop/oak-chair", 2_870], ["/shop/lamp/reviews/2", 1_204], ["/shop/oak-chair/reviews/latest", 731], ["/help/returns", 420],
  ["/help/shipping-to-islands-and-remote-places", 115], ["/guides/how-to-oil-a-table", 98], ["/guides/how-to-hang-a-lamp", 64],
];
const MINUTE_MS = 60_000;

const refused = (index, field, detail) => ({ status: 400, body: { type: "urn:felt:problem:invalid-body", title: "The request is not valid", status: 400, detail: `rules[${index}].${field}: ${detail}` } });

function pageOf(rules, path) {
  const matches = ({ pattern }) => new RegExp(`^${pattern.replace(/[.+?^$()[\]{}|\\]/g, "\\$&").replace(/\*+/g, (stars) => (stars === "*" ? "[^/]*" : ".*"))}$`).test(path);
  return rules.find(matches)?.page ?? path;
}

export function answerPageRules(method, call, text, controls) {
  const own = controls.settings["page-rules"];
  const rows = () => {
    const { rules, ...of } = controls.settings["page-rules"] ?? { rules: CONFIGURED, source: "configuration", since: null, version: 0, author: null };
    return { data: rules.map((rule) => ({ ...rule, ...of, in_effect: of.since === null || Date.parse(of.since) <= controls.now() })), meta: {} };
  };
  if (method === "GET") return { status: 200, body: rows() };
  if (call !== "preview" && !controls.scopes.includes("admin")) return { status: 403, body: { title: "Not allowed", status: 403, detail: "this needs the scope admin" } };
  if (method === "DELETE") {
    controls.settings["page-rules"] = null;
    return { status: 204, body: null };
  }
  const rules = JSON.parse(text).rules;
  for (const [index, { pattern, page }] of rules.entries()) {
    if (!pattern.startsWith("/")) return refused(index, "pattern", "write a path of at most 256 bytes that begins with /");
    if (page === "") return refused(index, "page", "must be a text of 1 to 256 bytes");
  }
  if (call === "preview") return { status: 200, body: preview(rules, own?.rules ?? CONFIGURED) };
  // From the next full minute that is a minute away at least.
  const since = new Date(Math.ceil(controls.now() / MINUTE_MS + 1) * MINUTE_MS).toISOString();
  controls.settings["page-rules"] = { rules, source: "own", since, version: (own?.version ?? 0) + 1, author: "ada" };
  return { status: own ? 200 : 201, body: rows() };
}

function preview(rules, present) {
  const found = new Map();
  for (const [path, views] of PATHS) {
    const [page, before] = [pageOf(rules, path), pageOf(present, path)];
    const row = found.get(page) ?? { page, views: 0, paths: 0, example: path, was: [] };
    found.set(page, { ...row, views: row.views + views, paths: row.paths + 1, was: before === page ? row.was : [...new Set([...row.was, before])] });
  }
  const pages = [...found.values()].sort((a, b) => Math.sign(b.was.length) - Math.sign(a.was.length) || b.views - a.views);
  const sum = (some) => some.reduce((total, { views }) => total + views, 0);
  const [changed, views] = [sum(pages.filter(({ was }) => was.length > 0)), sum(pages)];
  const [said, all] = [changed, views].map((count) => count.toLocaleString("en"));
  return { data: { views, changed, words: `With these rules ${said} of ${all} page views of the last 7 days would be under another page.`, pages, warnings: [] } };
}
