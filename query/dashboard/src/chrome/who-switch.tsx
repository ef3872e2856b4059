// Humans, bots, or all of them.

import type { Who } from "../address/address.ts";
import { address, hrefWith } from "../address/navigate.ts";
import { Link } from "../widgets/link.tsx";
import { core } from "../words/core.ts";

const CHOICES: readonly Who[] = ["humans", "bots", "all"];

export function WhoSwitch() {
  const words = core().chrome;
  return (
    <div class="segments" role="group" aria-label={words.whose}>
      {CHOICES.map((who) => (
        <Link key={who} href={hrefWith({ who })} title={words.who[who].title} aria-current={address.value.who === who ? "true" : undefined}>
          {words.who[who].label}
        </Link>
      ))}
    </div>
  );
}
