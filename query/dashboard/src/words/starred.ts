// A sentence with its news between double stars, as the phrases of a headline; a page that it names strongly becomes a link.

import type { Phrase } from "./phrase.ts";

export function starred(text: string, page?: string): Phrase[] {
  return text.split("**").flatMap((part, index) => (part === "" ? [] : index % 2 === 0 ? [{ text: part }] : [{ text: part, strong: true, ...(part === page ? { page } : {}) }]));
}
