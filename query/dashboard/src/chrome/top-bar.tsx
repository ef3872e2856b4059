// What stands above every screen: whose site, which screen, which time, whose visits, which filters, how fresh.

import { FRESH, type ScreenName } from "../address/address.ts";
import { address, hrefWith, navigate } from "../address/navigate.ts";
import { signOut, who } from "../api/session.ts";
import { isShared } from "../api/token.ts";
import type { SiteRow } from "../api/types.ts";
import { Link } from "../widgets/link.tsx";
import { fetchScreen, offered } from "../screens/index.ts";
import { core } from "../words/core.ts";
import { Chips } from "./chips.tsx";
import { CompareMenu } from "./compare-menu.tsx";
import { Freshness } from "./freshness.tsx";
import { HelpButton } from "./keys.tsx";
import { LanguageSwitch } from "./language.tsx";
import { RangePicker } from "./range-picker.tsx";
import { ThemeToggle } from "./theme.tsx";
import { WhoSwitch } from "./who-switch.tsx";

export function TopBar({ sites, tz }: { sites: readonly SiteRow[]; tz: string }) {
  const { screen } = address.value;
  const words = core().chrome;
  return (
    <header class="top">
      <div class="bar">
        <Link class="brand" href={hrefWith({ screen: "happiness", ...FRESH })}>
          <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true" focusable="false">
            <rect class="tile" width="32" height="32" rx="8" />
            <path class="smile" d="M8 18c2.6 5.4 13.4 5.4 16 0" />
            <circle class="eye" cx="11" cy="11.5" r="2" /><circle class="eye" cx="21" cy="11.5" r="2" />
          </svg>
          Felt
        </Link>
        <SitePicker sites={sites} />
        <nav aria-label={words.screens}>
          {offered().map((name) => (
            <Link
              key={name}
              href={hrefWith({ screen: name, ...FRESH })}
              title={words.screen[name].question}
              aria-current={screen === name ? "page" : undefined}
              // On its way while the pointer still rests; a failure shows when it is really wanted.
              onPointerEnter={() => void fetchScreen(name).catch(() => undefined)}
            >
              {words.screen[name].label}
            </Link>
          ))}
        </nav>
        <Freshness tz={tz} />
        <HelpButton />
        <LanguageSwitch />
        <ThemeToggle />
        {isShared() ? <span class="hint">{words.shared}</span> : who.value !== null && who.value.kind !== "anyone" && (
          <button type="button" class="quiet out" title={words.signedInAs(who.value.name)} onClick={() => void signOut()}>{words.signOut}</button>
        )}
      </div>
    </header>
  );
}

/** What changes nothing on a screen is not offered there. */
const NOT_COMPARED: readonly ScreenName[] = ["sessions", "health", "settings"];
const NOT_FILTERED: readonly ScreenName[] = ["health", "settings"];

export function ScopeBar({ tz }: { tz: string }) {
  const { screen } = address.value;
  const filtered = !NOT_FILTERED.includes(screen);
  return (
    <div class="scope" role="region" aria-label={core().chrome.shown}>
      <RangePicker tz={tz} />
      {!NOT_COMPARED.includes(screen) && <CompareMenu tz={tz} />}
      {filtered && <WhoSwitch />}
      {filtered && <Chips />}
    </div>
  );
}

function SitePicker({ sites }: { sites: readonly SiteRow[] }) {
  const current = address.value.site;
  const known = sites.some(({ key }) => key === current);
  if (sites.length <= 1 && known) return <span class="site">{sites[0]?.name}</span>;
  return (
    <label class="site">
      <span class="sr-only">{core().chrome.site}</span>
      <select value={current ?? ""} onChange={(event) => navigate({ site: event.currentTarget.value, filters: [], vs: null, ...FRESH })}>
        {!known && current !== null && <option value={current}>{current}</option>}
        {sites.map(({ key, name }) => <option key={key} value={key}>{name}</option>)}
      </select>
    </label>
  );
}
