// The sentence a screen opens with, made from its data. Pure: the same data, the same sentence.

import type { Address } from "../address/address.ts";
import { causesOf, type Group } from "../api/read.ts";
import type { Cause, MetricRow } from "../api/types.ts";
import { confidence } from "../stats/happiness.ts";
import { most } from "../stats/most.ts";
import { core } from "./core.ts";
import { formatScore, formatShare, pageViews } from "./format.ts";
import type { Phrase } from "./phrase.ts";
import { rangeWords } from "./time.ts";

/**
 * A word for a score. A view is worth 100, 75, 25 or 0; the borders lie where the typical view changes:
 * from 85 nearly all are delighted, under 50 the typical view is painful.
 */
export function moodOf(value: number): "very_happy" | "happy" | "half_happy" | "unhappy" {
  if (value >= 85) return "very_happy";
  if (value >= 70) return "happy";
  return value >= 50 ? "half_happy" : "unhappy";
}

/** The page where one cause costs most: its lost points times the part that this cause has in them. */
export function pageHurtMostBy(cause: Cause, pages: readonly Group[]): string | null {
  let worst: { name: string; lost: number } | null = null;
  for (const page of pages) {
    const row = page.rows["happiness"];
    if (!row || page.name === "" || page.name === "(other)") continue;
    const share = causesOf(row).find((entry) => entry.cause === cause)?.share ?? (row.causes ? 0 : 1);
    const lost = (row.unhappiness ?? 0) * row.count * share;
    if (lost > 0 && (worst === null || lost > worst.lost)) worst = { name: page.name, lost };
  }
  return worst?.name ?? null;
}

export function happinessSentence(row: MetricRow, pages: readonly Group[], address: Address, tz: string): Phrase[] {
  const words = core().sentences;
  const over = rangeWords(address.range, tz);
  const trust = confidence(row.count);
  if (trust === "none" || row.value === null || row.value === undefined) {
    return [{ text: address.who === "bots" ? words.botsFeel(over) : words.unjudged(over) }];
  }
  if (trust === "few") return words.few(pageViews(row.count), over);
  const score = words.score(formatScore(row.value));
  if (trust === "small") return [...words.impression(pageViews(row.count), score, over), { text: "." }];
  const subject = address.page !== null ? words.ofPage(address.page) : address.filters.length > 0 ? words.these : words.yours;
  return [...words.mood(subject, words.moods[moodOf(row.value)], score, over), ...causePhrases(row, pages), { text: "." }];
}

function causePhrases(row: MetricRow, pages: readonly Group[]): Phrase[] {
  const cause = causesOf(row)[0]?.cause;
  if (cause === undefined) return [];
  const page = pageHurtMostBy(cause, pages);
  const hurts = core().sentences.cause(core().names.causes[cause].hurtsMost);
  return page === null ? [hurts] : [hurts, { text: core().sentences.on }, { text: page, page }];
}

/** The Pages screen: which page costs most, and how much of all that is lost. */
export function pagesSentence(pages: readonly Group[], total: MetricRow | undefined, address: Address, tz: string): Phrase[] {
  const words = core().sentences;
  const over = rangeWords(address.range, tz);
  const lostOn = (group: Group): number => (group.rows["happiness"]?.unhappiness ?? 0) * (group.rows["happiness"]?.count ?? 0);
  const worst = most(pages.filter((page) => page.name !== "(other)"), lostOn);
  const lostTotal = (total?.unhappiness ?? 0) * (total?.count ?? 0);
  if (worst === undefined || lostOn(worst) <= 0 || lostTotal <= 0) return [{ text: words.noneLost(over) }];
  const row = worst.rows["happiness"];
  if (row === undefined || confidence(row.count) === "few") return words.fewPages(over);
  const cause = causesOf(row)[0]?.cause;
  return [
    ...words.costs({ text: worst.name, page: worst.name, strong: true }, formatShare(lostOn(worst) / lostTotal), over),
    ...(cause === undefined ? [] : [words.because(core().names.causes[cause].because)]),
    { text: "." },
  ];
}
