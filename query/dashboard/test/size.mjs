// The dashboard must stay small: fails when script or style sheet is over its budget (gzip, level 9). Scripts are weighed with
// the English words in them.
// "First" is what whoever opens the heaviest screen has to load before its first picture. "All" is everything that somebody
// loads who looks at all eight screens, opens what opens there and makes a filter. "Beside" comes on top for settings and
// signing in, "german" for who reads it.

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGETS_BYTES = { first: 40 * 1024, all: 60 * 1024, beside: 9 * 1024, css: 7 * 1024, german: 18 * 1024 };

const root = new URL("../", import.meta.url);
const outputs = JSON.parse(readFileSync(new URL(".build/meta.json", root), "utf8"));
const weights = new Map();

function weigh(file) {
  if (!weights.has(file)) weights.set(file, gzipSync(readFileSync(new URL(file, root)), { level: 9 }).length);
  return weights.get(file);
}

const sum = (files) => [...files].reduce((total, file) => total + weigh(file), 0);

/** A file and all that it imports at once, and not only when it is needed. */
function withStatic(file, found = new Set()) {
  if (found.has(file)) return found;
  found.add(file);
  for (const { path, kind } of outputs[file].imports) if (kind === "import-statement") withStatic(path, found);
  return found;
}

const scripts = Object.keys(outputs).filter((file) => file.endsWith(".js"));
const of = (pattern) => scripts.filter((file) => pattern.test(outputs[file].entryPoint ?? ""));
const german = of(/\.de\.ts$/);
const base = withStatic(of(/^src\/main\.tsx$/)[0]);
const sets = of(/^src\/screens\/set-\w+\.ts$/).map((file) => withStatic(file, new Set(base)));
const all = new Set([...sets.flatMap((set) => [...set]), ...of(/^src\/chrome\/panels-file\.ts$/).flatMap((file) => [...withStatic(file)])]);

const found = {
  first: Math.max(...sets.map(sum)),
  all: sum(all),
  beside: sum(scripts.filter((file) => !all.has(file) && !german.includes(file))),
  css: weigh("dist/app.css"),
  german: sum(german),
};

if (process.argv.includes("--list")) for (const file of scripts.toSorted((a, b) => weigh(b) - weigh(a))) console.log(`${weigh(file)}\t${file}`);
for (const [name, bytes] of Object.entries(found)) {
  const budget = BUDGETS_BYTES[name];
  if (bytes > budget) process.exitCode = 1;
  console.log(`${name}: ${bytes} of ${budget} bytes gzipped${bytes > budget ? ", over budget" : ""}`);
}
