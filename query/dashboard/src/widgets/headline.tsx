// The sentence at the top of a screen.

import { FRESH } from "../address/address.ts";
import { hrefWith } from "../address/navigate.ts";
import type { Phrase } from "../words/phrase.ts";
import { Link } from "./link.tsx";
import { core } from "../words/core.ts";

export function Headline({ phrases, stale }: { phrases: readonly Phrase[] | null; stale: boolean }) {
  if (phrases === null) return <h1 class="headline"><span class="bone" /><span class="sr-only">{core().chrome.loading}</span></h1>;
  return (
    <h1 class={`headline ${stale ? "stale" : ""}`}>
      {phrases.map((phrase, index) => {
        const href = phrase.href ?? (phrase.page === undefined ? undefined : hrefWith({ screen: "pages", ...FRESH, page: phrase.page }));
        const text = href === undefined ? phrase.text : <Link href={href}>{phrase.text}</Link>;
        return phrase.strong ? <strong key={index}>{text}</strong> : <span key={index}>{text}</span>;
      })}
    </h1>
  );
}
