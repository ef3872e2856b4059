// What the server wants the reader to know about the answers, once for the whole screen.

import type { ScreenData } from "../api/screen-data.ts";

export function Warnings({ data }: { data: ScreenData }) {
  const all = Object.values(data.parts).flatMap((part) => (part.ok ? part.answer.meta.warnings ?? [] : []));
  // Too few views are said where they are shown, in grey.
  const told = [...new Set(all)].filter((warning) => !warning.includes("too few to judge"));
  if (told.length === 0) return null;
  return (
    <ul class="warnings" aria-label="Good to know">
      {told.map((warning) => <li key={warning}>{warning.charAt(0).toUpperCase() + warning.slice(1)}.</li>)}
    </ul>
  );
}
