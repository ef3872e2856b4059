// The frame: loads the list of sites, then shows the screen that the address names.

import { useEffect, useState } from "preact/hooks";
import type { ScreenName } from "./address/address.ts";
import { address, navigate } from "./address/navigate.ts";
import { getSites } from "./api/client.ts";
import { browserTimeZone } from "./api/paths.ts";
import { who, type Who } from "./api/session.ts";
import { token, tokenWanted } from "./api/token.ts";
import type { Part, SiteRow } from "./api/types.ts";
import { Keys } from "./chrome/keys.tsx";
import { ScopeBar, TopBar } from "./chrome/top-bar.tsx";
import { fetchScreen, offered, screenAtHand } from "./screens/index.ts";
import { Headline } from "./widgets/headline.tsx";
import { lazy, Renewed } from "./widgets/lazy.tsx";
import { TermPopover } from "./widgets/term.tsx";
import { useSignals } from "./signal.ts";
import { core } from "./words/core.ts";

const SignIn = lazy(() => import("./chrome/sign-in.tsx").then((file) => file.SignIn));
const NoSite = lazy(() => import("./chrome/no-site.tsx").then((file) => file.NoSite));

export function App() {
  useSignals();
  const [sites, setSites] = useState<Part<SiteRow[]>>();
  const here = address.value;
  const tz = here.tz ?? browserTimeZone();
  const words = core().chrome;

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
    document.title = [here.page ?? here.id, words.screen[here.screen].label, here.site, "Felt"].filter(Boolean).join(" · ");
  }, [here, words]);

  const rows = sites?.ok ? sites.answer.data : [];
  const known = here.site !== null && (rows.length === 0 || rows.some(({ key }) => key === here.site));
  const retry = () => void load();
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); document.getElementById("main")?.focus(); }}>{words.skip}</a>
      <TopBar sites={rows} tz={tz} />
      {!tokenWanted.value && known && <ScopeBar tz={tz} />}
      <main id="main" tabIndex={-1}>
        {tokenWanted.value ? <SignIn key={String(token.value)} retry={retry} />
          : known ? <Shown key={here.site} name={offered().includes(here.screen) ? here.screen : "happiness"} tz={tz} />
          : sites === undefined ? <Headline phrases={null} stale={false} /> : <NoSite sites={sites} retry={retry} />}
      </main>
      <TermPopover />
      <Keys />
    </>
  );
}

/** A screen, as soon as its file is there. */
function Shown({ name, tz }: { name: ScreenName; tz: string }) {
  const [failed, setFailed] = useState<ScreenName | null>(null);
  const [, drawAgain] = useState(0);
  const Screen = screenAtHand(name);
  useEffect(() => {
    if (Screen !== undefined) return;
    fetchScreen(name).then(() => drawAgain((count) => count + 1), () => setFailed(name));
  }, [name]);
  if (Screen !== undefined) return <Screen key={name} tz={tz} />;
  return failed === name ? <Renewed /> : <Headline phrases={null} stale={false} />;
}
