// How a page view or a visit felt, in one word with its colour.

import type { Level } from "../stats/happiness.ts";
import { glossary } from "../words/glossary.ts";
import { Missing } from "./term.tsx";

export function Felt({ level }: { level: Level | null }) {
  if (level === null) return <Missing />;
  return <span class="felt"><span class={`swatch ${level}`} aria-hidden="true" />{glossary()[level].word}</span>;
}
