// After an outage a million beacons must not return in the same second: the curve of their arrivals, simulated with the beacon's own
// waits. Run this file alone to see the curves.
import assert from "node:assert/strict";
import { test } from "node:test";
import { waitMs } from "../src/backoff";
import { AGE_MS_MAX } from "../src/limits";

const CLIENTS = 1_000_000;

/** The same numbers every time (mulberry32). */
function randoms(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** As long as the beacon keeps what it could not send, seconds. */
const KEPT_S_MAX = AGE_MS_MAX / 1_000;

interface Outage {
  /** How long nothing is taken, seconds. */
  lastsS: number;
  /** When a client first comes with its beacon, seconds into the outage. */
  comesS: (random: () => number) => number;
  retryAfter?: string;
}

/** Arrivals in each second after the outage's end, and how many gave up before. */
function arrivals({ lastsS, comesS, retryAfter }: Outage): { perSecond: number[]; lost: number } {
  const random = randoms(7);
  const perSecond: number[] = [];
  let lost = 0;
  for (let client = 0; client < CLIENTS; client++) {
    const first = comesS(random);
    let at = first;
    let attempt = 0;
    for (; at < lastsS; attempt++) at += waitMs(attempt, retryAfter, random()) / 1_000;
    if (at - first > KEPT_S_MAX) lost++;
    else {
      const second = Math.floor(at - lastsS);
      perSecond[second] = (perSecond[second] ?? 0) + 1;
    }
  }
  return { perSecond: Array.from(perSecond, (count) => count ?? 0), lost };
}

/** The curve as one would draw it by hand: a row for each of some spans. */
function draw(name: string, perSecond: readonly number[]): string {
  const spanS = Math.max(1, Math.ceil(perSecond.length / 24));
  const rows: string[] = [];
  const peak = Math.max(...perSecond);
  for (let from = 0; from < perSecond.length; from += spanS) {
    const span = perSecond.slice(from, from + spanS);
    const most = Math.max(...span);
    rows.push(`${`${from}`.padStart(5)} s ${`${most}`.padStart(7)} a second ${"#".repeat(Math.round((most / peak) * 60))}`);
  }
  return `${name}: peak ${peak} a second (${((peak / CLIENTS) * 100).toFixed(2)} % of all)\n${rows.join("\n")}`;
}

for (const { name, outage, peakShareMax } of [
  {
    name: "ten minutes of nothing, beacons due all the while",
    outage: { lastsS: 600, comesS: (random: () => number) => random() * 600 },
    peakShareMax: 0.01,
  },
  {
    name: "an hour of nothing, the beacons of its first ten minutes",
    outage: { lastsS: 3_600, comesS: (random: () => number) => random() * 600 },
    peakShareMax: 0.005,
  },
  {
    name: "a million refused within one second, by a server that asks for a minute",
    outage: { lastsS: 60, comesS: (random: () => number) => random(), retryAfter: "60" },
    peakShareMax: 0.035,
  },
] satisfies { name: string; outage: Outage; peakShareMax: number }[]) {
  test(`a million beacons return spread out after ${name}`, (context) => {
    const { perSecond, lost } = arrivals(outage);
    context.diagnostic(draw(name, perSecond));
    const peak = Math.max(...perSecond) / CLIENTS;
    assert.ok(peak <= peakShareMax, `${peak} in the worst second`);
    assert.ok(lost / CLIENTS < 0.01, `${lost} gave up while the outage lasted`);
  });
}
