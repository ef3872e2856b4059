// The first load must stay small: fails when the built script or style sheet is over its budget (gzip, level 9).

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGETS_BYTES = { "app.js": 40 * 1024, "app.css": 8 * 1024 };

let over = false;
for (const [file, budget] of Object.entries(BUDGETS_BYTES)) {
  const bytes = gzipSync(readFileSync(new URL(`../dist/${file}`, import.meta.url)), { level: 9 }).length;
  over ||= bytes > budget;
  console.log(`${file}: ${bytes} of ${budget} bytes gzipped${bytes > budget ? ", over budget" : ""}`);
}
process.exitCode = over ? 1 : 0;
