// The words of the screens with their meanings, in the reader's language.

import { core } from "./core.ts";
import type en from "./messages/glossary.en.ts";

export interface Entry {
  readonly word: string;
  readonly meaning: string;
}

export type Term = keyof typeof en;

export function glossary(): Readonly<Record<Term, Entry>> {
  return core().glossary;
}
