// Which language the screens speak. English comes with the code; the words of another language are files of their own,
// fetched before they are shown. A catalog is made from the English words, so that `tsc` holds the others to its keys.

import { signal } from "../signal.ts";

export type Language = "en" | "de";

/** Each named in itself, so that it is found by who reads no other. */
export const LANGUAGES: Readonly<Record<Language, string>> = { en: "English", de: "Deutsch" };
const LOCALES: Readonly<Record<Language, string>> = { en: "en-GB", de: "de-DE" };
const KEY = "felt.language";

/** What is shown now. Only `speak` changes it, once the words are there. */
export const language = signal<Language>("en");

/** For `Intl`: how this language writes numbers, dates and plurals. */
export function locale(): string {
  return LOCALES[language.value];
}

const loaders: (() => Promise<void>)[] = [];

/** The words of one part of the app: English at hand, German fetched when it is wanted. Call what it returns while drawing. */
export function catalog<Words>(en: Words, loadDe: () => Promise<{ readonly default: Words }>): () => Words {
  let de: Words | null = null;
  loaders.push(async () => {
    de ??= (await loadDe()).default;
  });
  return () => (language.value === "de" ? de ?? en : en);
}

/** Fetches what the current language still lacks, for a part of the app that has just been loaded. */
export async function wordsReady(): Promise<void> {
  // Without them it speaks English: better than nothing.
  if (language.value === "de") await Promise.allSettled(loaders.map((load) => load()));
}

/** Changes the language, and remembers it where a person chose it. */
export async function speak(wanted: Language, chosen = true): Promise<void> {
  if (wanted === "de") await Promise.allSettled(loaders.map((load) => load()));
  language.value = wanted;
  document.documentElement.lang = wanted;
  if (!chosen) return;
  try {
    localStorage.setItem(KEY, wanted);
  } catch {
    // Not remembered then.
  }
}

/** What a person chose before, else what their browser prefers. */
export function preferredLanguage(): Language {
  let kept: string | null = null;
  try {
    kept = localStorage.getItem(KEY);
  } catch {
    // Storage may be forbidden: the browser's own preference has to do.
  }
  const known = [kept ?? "", ...navigator.languages].map((tag) => tag.slice(0, 2)).find((tag) => tag in LANGUAGES);
  return (known as Language | undefined) ?? "en";
}
