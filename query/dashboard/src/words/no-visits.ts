// The sentence where nothing falls into the question.

import type { Address } from "../address/address.ts";
import { core } from "./core.ts";
import type { Phrase } from "./phrase.ts";
import { rangeWords } from "./time.ts";

export function noVisitsSentence(address: Address, tz: string): Phrase[] {
  const words = core().sentences;
  const what = address.who === "bots" ? words.noBots : address.filters.length > 0 ? words.noSuch : words.noVisits;
  return [{ text: what, strong: true }, { text: words.over(rangeWords(address.range, tz)) }];
}
