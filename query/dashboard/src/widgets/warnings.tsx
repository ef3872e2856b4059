// What the server wants the reader to know about the answers, once for the whole screen.

import type { ScreenData } from "../api/screen-data.ts";
import { valueName } from "../words/names.ts";
import { core } from "../words/core.ts";

/** The API's words as a sentence; what stands for many values is called what the tables call it. */
function sentence(warning: string): string {
  // How to ask for more is for whoever writes questions by hand.
  const named = core().widgets.warning(warning.replace(/; exact=.*/, "")).replace("(other)", `“${valueName("", "(other)")}”`);
  return `${named.charAt(0).toUpperCase()}${named.slice(1)}.`;
}

export function Warnings({ data }: { data: ScreenData }) {
  const all = Object.values(data.parts).flatMap((part) => (part.ok ? part.answer.meta?.warnings ?? [] : []));
  // Too few views are said where they are shown, in grey.
  const told = [...new Set(all)].filter((warning) => !warning.includes("too few to judge"));
  if (told.length === 0) return null;
  return (
    <ul class="warnings" aria-label={core().widgets.warnings}>
      {told.map((warning) => <li key={warning}>{sentence(warning)}</li>)}
    </ul>
  );
}
