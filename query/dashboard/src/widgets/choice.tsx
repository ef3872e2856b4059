// A few ways to look at the same, side by side; each is an address.

import { Link } from "./link.tsx";

interface ChoiceProps {
  readonly label: string;
  readonly options: readonly (readonly [words: string | undefined, href: string, chosen: boolean, title?: string])[];
}

export function Choice({ label, options }: ChoiceProps) {
  return (
    <div class="segments small" role="group" aria-label={label}>
      {options.map(([words, href, chosen, title]) => <Link key={href} href={href} title={title} aria-current={chosen ? "true" : undefined}>{words}</Link>)}
    </div>
  );
}
