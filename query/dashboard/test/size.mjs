// The dashboard must stay small: fails when script or style sheet is over its budget (gzip, level 9).
// "First" is app.js with all that it imports at once, and the heaviest screen. "All" is the code of the eight
// screens; what stands beside them (settings, signing in) has a budget of its own, and so have the words of a language:
// "english" is in those files, "german" comes on top for who reads it.

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { gzipSync } from "node:zlib";

const BUDGETS_BYTES = { first: 40 * 1024, all: 60 * 1024, beside: 10 * 1024, css: 8 * 1024, english: 20 * 1024, german: 20 * 1024 };

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
const languageOf = (file) => /\.(de)\.ts$/.exec(outputs[file].entryPoint ?? "")?.[1];
const app = scripts.find((file) => basename(file) === "app.js");
const screens = scripts.filter((file) => /^src\/screens\/(?!page-detail)/.test(outputs[file].entryPoint ?? ""));
const base = withStatic(app);
const first = screens.map((file) => withStatic(file, new Set(base))).reduce((heavy, one) => (sum(one) > sum(heavy) ? one : heavy), base);

/** No screens: how the site is set up, and who may come in. */
const BESIDE = /^src\/(screens\/settings|chrome\/(sign-in|no-site))\.tsx$/;
const beside = scripts.filter((file) => BESIDE.test(outputs[file].entryPoint ?? ""));

/** What the English words weigh in the files that they are part of: what those would lose without them. */
function english(files) {
  return files.reduce((total, file) => {
    const bytes = Object.entries(outputs[file].inputs).filter(([source]) => source.endsWith(".en.ts")).reduce((sum, [, { bytesInOutput }]) => sum + bytesInOutput, 0);
    return total + Math.round((weigh(file) * bytes) / outputs[file].bytes);
  }, 0);
}

const code = (files) => sum(files) - english(files);
const found = {
  first: sum(first),
  all: code(scripts.filter((file) => languageOf(file) === undefined && !beside.includes(file))),
  beside: code(beside),
  css: weigh("dist/app.css"),
  english: english(scripts),
  german: sum(scripts.filter((file) => languageOf(file) === "de")),
};

if (process.argv.includes("--list")) for (const file of scripts.toSorted((a, b) => weigh(b) - weigh(a))) console.log(`${weigh(file)}\t${file}`);
for (const [name, bytes] of Object.entries(found)) {
  const budget = BUDGETS_BYTES[name];
  if (bytes > budget) process.exitCode = 1;
  console.log(`${name}: ${bytes} of ${budget} bytes gzipped${bytes > budget ? ", over budget" : ""}`);
}
