// Humans, bots, or all of them.

import type { Who } from "../address/address.ts";
import { address, hrefWith } from "../address/navigate.ts";
import { Link } from "../widgets/link.tsx";

const CHOICES: readonly { who: Who; label: string; title: string }[] = [
  { who: "humans", label: "Humans", title: "Page views by people" },
  { who: "bots", label: "Bots", title: "Page views by programs, such as search engines" },
  { who: "all", label: "All", title: "Page views by people and programs" },
];

export function WhoSwitch() {
  return (
    <div class="segments" role="group" aria-label="Whose visits">
      {CHOICES.map(({ who, label, title }) => (
        <Link key={who} href={hrefWith({ who })} title={title} aria-current={address.value.who === who ? "true" : undefined}>
          {label}
        </Link>
      ))}
    </div>
  );
}
