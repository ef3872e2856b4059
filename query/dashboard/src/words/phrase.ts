// A sentence in parts, so that what carries the news stands out and what is named can be followed.

export interface Phrase {
  readonly text: string;
  readonly strong?: boolean;
  /** The page it names, to be linked. */
  readonly page?: string;
  /** Where it leads, for anything else than a page. */
  readonly href?: string;
}

export function sentenceText(phrases: readonly Phrase[]): string {
  return phrases.map((phrase) => phrase.text).join("");
}
