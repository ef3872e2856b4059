// The sentence a screen opens with, made from its data. Pure: the same data, the same sentence.

import type { Address } from "../address/address.ts";
import { causesOf, type Group } from "../api/read.ts";
import type { Cause, MetricRow } from "../api/types.ts";
import { confidence } from "../stats/happiness.ts";
import { formatScore, plural } from "./format.ts";
import { CAUSE_WORDS } from "./names.ts";
import { rangeWords } from "./time.ts";

/** A part of the sentence; `strong` parts carry the news. */
export interface Phrase {
  readonly text: string;
  readonly strong?: boolean;
  /** The page it names, to be linked. */
  readonly page?: string;
}

export function sentenceText(phrases: readonly Phrase[]): string {
  return phrases.map((phrase) => phrase.text).join("");
}

/**
 * A word for a score. A view is worth 100, 75, 25 or 0; the borders lie where the typical view changes:
 * from 85 nearly all are delighted, under 50 the typical view is painful.
 */
export function moodWord(value: number): "very happy" | "happy" | "half happy" | "unhappy" {
  if (value >= 85) return "very happy";
  if (value >= 70) return "happy";
  return value >= 50 ? "half happy" : "unhappy";
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

/** Nothing falls into the question. */
export function noVisitsSentence(address: Address, tz: string): Phrase[] {
  const what = address.who === "bots" ? "No visits by bots" : address.filters.length > 0 ? "No such visits" : "No visits";
  return [{ text: what, strong: true }, { text: ` over ${rangeWords(address.range, tz)}.` }];
}

export function happinessSentence(row: MetricRow, pages: readonly Group[], address: Address, tz: string): Phrase[] {
  const over = rangeWords(address.range, tz);
  const trust = confidence(row.count);
  if (trust === "none" || row.value === null || row.value === undefined) {
    return [{ text: address.who === "bots" ? `Bots feel nothing: no happiness over ${over}.` : `Nobody's visit could be judged over ${over}.` }];
  }
  if (trust === "few") {
    return [{ text: "Too few visits to judge", strong: true }, { text: `: ${plural(row.count, "page view")} over ${over}.` }];
  }
  const subject = address.page !== null ? `Visitors of ${address.page} were ` : address.filters.length > 0 ? "These visitors were " : "Your visitors were ";
  const mood: Phrase[] =
    trust === "small"
      ? [{ text: `A first impression from ${plural(row.count, "page view")}: ` }, { text: `${formatScore(row.value)} of 100`, strong: true }, { text: ` over ${over}` }]
      : [{ text: subject }, { text: moodWord(row.value), strong: true }, { text: ": " }, { text: `${formatScore(row.value)} of 100`, strong: true }, { text: ` over ${over}` }];
  return [...mood, ...causePhrases(row, pages, trust === "small"), { text: "." }];
}

function causePhrases(row: MetricRow, pages: readonly Group[], silent: boolean): Phrase[] {
  const cause = causesOf(row)[0]?.cause;
  if (cause === undefined || silent) return [];
  const page = pageHurtMostBy(cause, pages);
  const words: Phrase[] = [{ text: "; " }, { text: CAUSE_WORDS[cause].hurtsMost }];
  return page === null ? words : [...words, { text: ", on " }, { text: page, page }];
}

/** The Pages screen: which page costs most, and how much of all that is lost. */
export function pagesSentence(pages: readonly Group[], total: MetricRow | undefined, address: Address, tz: string): Phrase[] {
  const over = rangeWords(address.range, tz);
  const lostOn = (group: Group): number => (group.rows["happiness"]?.unhappiness ?? 0) * (group.rows["happiness"]?.count ?? 0);
  const worst = [...pages].filter((page) => page.name !== "(other)").sort((a, b) => lostOn(b) - lostOn(a))[0];
  const lostTotal = (total?.unhappiness ?? 0) * (total?.count ?? 0);
  if (worst === undefined || lostOn(worst) <= 0 || lostTotal <= 0) return [{ text: `No page has lost any happiness over ${over}.` }];
  const row = worst.rows["happiness"];
  if (row === undefined || confidence(row.count) === "few") return [{ text: "Too few visits to judge any page", strong: true }, { text: ` over ${over}.` }];
  const cause = causesOf(row)[0]?.cause;
  const share = Math.round((100 * lostOn(worst)) / lostTotal);
  return [
    { text: worst.name, page: worst.name, strong: true },
    { text: ` costs the most happiness: ` },
    { text: `${share}% of all that was lost`, strong: true },
    { text: ` over ${over}` },
    ...(cause === undefined ? [] : [{ text: `, mostly because ${lowerFirst(CAUSE_WORDS[cause].clause)}` }]),
    { text: "." },
  ];
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
