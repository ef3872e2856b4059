// The frame: loads the list of sites, then shows the screen that the address names.

import { useEffect, useState } from "preact/hooks";
import { SCREENS } from "./address/address.ts";
import { address, hrefWith, navigate } from "./address/navigate.ts";
import { getSites } from "./api/client.ts";
import { browserTimeZone } from "./api/paths.ts";
import { who, type Who } from "./api/session.ts";
import { token, tokenWanted } from "./api/token.ts";
import type { Part, SiteRow } from "./api/types.ts";
import { SignIn } from "./chrome/sign-in.tsx";
import { ScopeBar, TopBar } from "./chrome/top-bar.tsx";
import { HappinessScreen } from "./screens/happiness.tsx";
import { PageDetail } from "./screens/page-detail.tsx";
import { PagesScreen } from "./screens/pages.tsx";
import { Link } from "./widgets/link.tsx";
import { TermPopover } from "./widgets/term.tsx";
import { Failed } from "./widgets/widget.tsx";

export function App() {
  const [sites, setSites] = useState<Part<SiteRow[]>>();
  const here = address.value;
  const tz = here.tz ?? browserTimeZone();

  async function load(): Promise<void> {
    const part = await getSites();
    setSites(part);
    if (part.ok) {
      tokenWanted.value = false;
      who.value = (part.answer.meta as { who?: Who } | undefined)?.who ?? null;
    }
    const first = part.ok ? part.answer.data[0] : undefined;
    if (address.value.site === null && first !== undefined) navigate({ site: first.key }, "replace");
  }

  useEffect(() => void load(), []);
  useEffect(() => {
    const screen = SCREENS.find(({ name }) => name === here.screen);
    document.title = [here.page, screen?.label, here.site, "Felt"].filter(Boolean).join(" · ");
  }, [here]);

  const rows = sites?.ok ? sites.answer.data : [];
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); document.getElementById("main")?.focus(); }}>Skip to the figures</a>
      <TopBar sites={rows} tz={tz} />
      {tokenWanted.value ? <SignIn key={String(token.value)} retry={() => void load()} /> : here.site !== null && (rows.length === 0 || rows.some(({ key }) => key === here.site)) ? <Screen tz={tz} /> : <NoSite sites={sites} retry={() => void load()} />}
      <TermPopover />
    </>
  );
}

function Screen({ tz }: { tz: string }) {
  const here = address.value;
  return (
    <>
      <ScopeBar tz={tz} />
      {here.screen === "happiness" ? <HappinessScreen key={here.site} tz={tz} />
        : here.page !== null ? <PageDetail key={`${here.site} ${here.page}`} page={here.page} tz={tz} />
        : <PagesScreen key={here.site} tz={tz} />}
    </>
  );
}

function NoSite({ sites, retry }: { sites: Part<SiteRow[]> | undefined; retry: () => void }) {
  return (
    <main id="main" class="alone" tabIndex={-1}>
      {address.value.site !== null && sites?.ok ? <UnknownSite sites={sites.answer.data} /> : sites === undefined ? <p role="status">Loading</p> : !sites.ok ? <Failed problem={sites.problem} retry={retry} /> : (
        <>
          <h1>No site yet</h1>
          <p class="lead">Tell Felt about your site in <code>felt.toml</code>, then start it again:</p>
          <pre><code>{`[[sites]]\nkey = "shop"\nname = "The Shop"\norigins = ["https://shop.example"]`}</code></pre>
        </>
      )}
    </main>
  );
}

function UnknownSite({ sites }: { sites: readonly SiteRow[] }) {
  return (
    <>
      <h1>{`There is no site “${address.value.site}”`}</h1>
      <p class="lead">Or it is not yours to see. These are:</p>
      <ul class="ways">{sites.map(({ key, name }) => <li key={key}><Link class="button" href={hrefWith({ site: key, filters: [], page: null })}>{name}</Link></li>)}</ul>
    </>
  );
}
