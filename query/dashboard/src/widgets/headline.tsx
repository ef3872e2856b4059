// The sentence at the top of a screen.

import { hrefWith } from "../address/navigate.ts";
import type { Phrase } from "../words/headline.ts";
import { Link } from "./link.tsx";

export function Headline({ phrases, stale }: { phrases: readonly Phrase[] | null; stale: boolean }) {
  if (phrases === null) return <h1 class="headline"><span class="bone" /><span class="sr-only">Loading</span></h1>;
  return (
    <h1 class={`headline ${stale ? "stale" : ""}`}>
      {phrases.map((phrase, index) => {
        const text = phrase.page === undefined ? phrase.text : <Link href={hrefWith({ screen: "pages", page: phrase.page })}>{phrase.text}</Link>;
        return phrase.strong ? <strong key={index}>{text}</strong> : <span key={index}>{text}</span>;
      })}
    </h1>
  );
}
