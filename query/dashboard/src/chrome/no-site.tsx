// What stands in a screen's place while there is no site to show: none yet, or not that one.

import "../kit.ts";
import { address, hrefWith } from "../address/navigate.ts";
import type { Part, SiteRow } from "../api/types.ts";
import { Link } from "../widgets/link.tsx";
import { Failed } from "../widgets/widget.tsx";
import { signInWords } from "../words/sign-in.ts";

export function NoSite({ sites, retry }: { sites: Part<SiteRow[]>; retry: () => void }) {
  return <div class="alone">{!sites.ok ? <Failed problem={sites.problem} retry={retry} /> : address.value.site === null ? <FirstSite /> : <UnknownSite sites={sites.answer.data} />}</div>;
}

function FirstSite() {
  const words = signInWords().noSite;
  return (
    <>
      <h1>{words.title}</h1>
      <p class="lead">{words.lead[0]}<code>felt.toml</code>{words.lead[1]}</p>
      <pre><code>{`[[sites]]\nkey = "shop"\nname = "The Shop"\norigins = ["https://shop.example"]`}</code></pre>
    </>
  );
}

function UnknownSite({ sites }: { sites: readonly SiteRow[] }) {
  const words = signInWords().noSite;
  return (
    <>
      <h1>{words.unknown(address.value.site ?? "")}</h1>
      <p class="lead">{words.yours}</p>
      <ul class="ways">{sites.map(({ key, name }) => <li key={key}><Link class="button" href={hrefWith({ site: key, filters: [], page: null, id: null })}>{name}</Link></li>)}</ul>
    </>
  );
}
