// What the mock keeps of a site's settings: page rules, scales, alert routes, share links, tokens, people. Null where the call is none of them.

import { answerPageRules } from "./page-rules.mjs";

const BUILT_IN = [["lcp", [2500, 4000, 8000]], ["inp", [200, 500, 1000]], ["cls", [0.1, 0.25, 0.5]], ["usable", [1000, 3000, 5000]]].map(([metric, thresholds]) => ({
  id: `built-in.${metric}`, pages: null, journey: null, metric, thresholds, edge: metric === "usable" ? "worse" : "better", version: 0, since: null, in_effect: true, author: null, built_in: true,
}));

export function makeSettings() {
  return {
    "page-rules": null, scales: [], "alert-routes": [{ id: "on-call", kind: "slack", url: "https://hooks.example/T1/…", has_secret: false, quiet_hours: null, severities: [] }],
    links: [{ id: "l1", name: "for the board", author: "ada@shop.example", created_at: "2026-11-20T09:00:00Z", expires_at: "2026-12-20T09:00:00Z" }],
    tokens: [{ id: "t1", name: "deploys", sites: ["shop"], scopes: ["read:metrics", "write:slos"], created_at: "2026-11-02T09:00:00Z" }],
    people: [{ email: "ada@shop.example", name: "Ada", sites: ["*"], scopes: ["admin"], created_at: "2026-10-01T09:00:00Z" }],
  };
}

const problem = (status, title, detail) => ({ status, body: { type: "about:blank", title, status, detail } });

export function answerSettings(method, path, text, controls) {
  const [, kind, id] = /^\/api\/v1\/(?:sites\/[^/]+\/)?(page-rules|scales|alert-routes|links|tokens|people)(?:\/([^/]+))?$/.exec(path) ?? [];
  if (kind === undefined) return null;
  if (kind === "page-rules") return answerPageRules(method, id, text, controls);
  const kept = controls.settings[kind];
  if (!["scales", "links"].includes(kind) && !controls.scopes.includes("admin")) return problem(403, "Not allowed", "this needs the scope admin");
  if (method === "GET") return { status: 200, body: { data: kind === "scales" ? [...kept, ...BUILT_IN] : kept } };
  const body = text === "" ? {} : JSON.parse(text);
  if (id === "preview") {
    const levels = (counts) => ["delighted", "annoying", "painful", "brutal"].map((level, index) => ({ level, count: counts[index] }));
    return { status: 200, body: { data: { happiness: 68.2, happiness_now: 74.9, views: 7000, levels: levels([3600, 1800, 1000, 600]), levels_now: levels([4300, 1600, 700, 400]), words: "With these anchors the last 28 days would have scored 68; they scored 75." } } };
  }
  if (kind !== "links" && !controls.scopes.includes("admin")) return problem(403, "Not allowed", "this needs the scope admin");
  const key = kind === "people" ? "email" : "id";
  if (method === "DELETE") {
    controls.settings[kind] = kept.filter((row) => row[key] !== decodeURIComponent(id));
    return { status: 204, body: null };
  }
  if (kind === "people" && body.password.length < 12) return problem(400, "Weak password", "a password has 12 characters at least");
  const made = { created_at: new Date(controls.now()).toISOString(), ...body, id: id ?? `t${kept.length + 1}`, ...(kind === "scales" ? { pages: body.page ?? null, journey: null, version: 1, author: "ada", built_in: false } : {}) };
  if (kind === "links") Object.assign(made, { author: "", expires_at: new Date(controls.now() + body.days * 86_400_000).toISOString() });
  controls.settings[kind] = [...kept, made];
  if (kind === "links") return { status: 201, body: { data: { id: made.id, fragment: "#share=feltl_abc123", expires_at: made.expires_at } } };
  return { status: 201, body: { data: kind === "tokens" ? { id: made.id, token: "felt_abc123" } : made } };
}
