// Weighs other beacons beside ours: brotli at quality 11. `npm ci --prefix bench && npm run sizes`; with a number of visits, `npm run sizes -- 3`, also what
// each costs a visit and how often it sends, in a real Chromium (needs `npm ci` in tests/browser).
import { readFile } from "node:fs/promises";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { others } from "./others.mjs";

const visits = Number(process.argv[2] ?? 0);
const rows = [];
for (const name of ["beacon-core.js", "beacon.js"]) rows.push([`**Felt, \`${name}\`**`, await readFile(new URL(`../dist/${name}`, import.meta.url))]);
rows.push(...(await others()));
const costs = visits ? await (await import("./visits.mjs")).visitsOf(rows, visits) : undefined;

const digits = (number) => number.toLocaleString("en-US");
console.log(`| beacon | bytes | gzip -9 | brotli -11 |${costs ? " CPU ms | requests / bytes a visit |" : ""}\n|---|--:|--:|--:|${costs ? "--:|--:|" : ""}`);
for (const [name, bytes] of rows) {
  const { cpu, requests, bytes: sent } = costs?.[name] ?? {};
  const cost = costs ? ` ${cpu.toFixed(0)} | ${requests} / ${(sent / 1_000).toFixed(1)} k |` : "";
  console.log(`| ${name} | ${digits(bytes.length)} | ${digits(gzipSync(bytes, { level: 9 }).length)} | ${digits(brotliCompressSync(bytes).length)} |${cost}`);
}
const { dependencies } = JSON.parse(await readFile(new URL("package.json", import.meta.url), "utf8"));
console.log(`\n${Object.entries(dependencies).map((pair) => pair.join(" ")).join(", ")}`);
