// Who and what may ask: tokens for programs, accounts for people, and where alerts are sent. For admins.

import { useState } from "preact/hooks";
import { FRESH } from "../../address/address.ts";
import { address, hrefWith } from "../../address/navigate.ts";
import { send } from "../../api/client.ts";
import { browserTimeZone } from "../../api/paths.ts";
import type { ScreenData } from "../../api/screen-data.ts";
import { formatTime } from "../../words/time.ts";
import { settingsWords } from "../../words/settings.ts";
import { Kept, RemoveButton, SmallForm } from "./form.tsx";

interface Granted {
  readonly name: string;
  readonly sites: readonly string[];
  readonly scopes: readonly string[];
  readonly created_at: string;
}

const sitesWords = (sites: readonly string[]): string => (sites.includes("*") ? settingsWords().allSites : sites.join(", "));
const scopesWords = (scopes: readonly string[]): string => scopes.map((scope) => settingsWords().scopes[scope] ?? scope).join(", ");
/** What a choice of the most that is allowed allows: figures are in all of it. */
const upTo = (scope: string): string[] => (scope === "read:metrics" || scope === "admin" ? [scope] : ["read:metrics", scope]);

export function Tokens({ data, tz }: { data: ScreenData; tz: string }) {
  const words = settingsWords();
  const [made, setMade] = useState("");
  return (
    <Kept<Granted & { id: string }> title={words.tokens} hint={words.tokensHint} data={data} part="tokens" none={words.noTokens} columns={[words.name, words.allows, words.sites, words.made]}
      row={(row) => ({ key: row.id, cells: [row.name || row.id, scopesWords(row.scopes), sitesWords(row.sites), formatTime(Date.parse(row.created_at), "day", tz), <RemoveButton what={row.name || row.id} path={`/api/v1/tokens/${row.id}`} removed={data.retry} />] })}
    >
      {made !== "" && <><p role="status">{words.tokenOnce}</p><pre tabIndex={0}><code>{made}</code></pre></>}
      <SmallTokenForm made={(token) => { setMade(token); data.retry(); }} />
    </Kept>
  );
}

function SmallTokenForm({ made }: { made: (token: string) => void }) {
  const words = settingsWords();
  return (
    <SmallForm label={words.create} fields={[{ name: "name", label: words.forWhat }, { name: "scope", label: words.allows, options: words.scopes }]}
      submit={({ name, scope = "" }) => send("POST", "/api/v1/tokens", { name, sites: [address.value.site], scopes: upTo(scope) })}
      done={(token) => made((token as { token: string }).token)} />
  );
}

interface LinkRow {
  readonly id: string;
  readonly name: string;
  readonly author: string;
  readonly expires_at: string;
}

/** Links to this site for people without an account. */
export function Links({ data, base, tz }: { data: ScreenData; base: string; tz: string }) {
  const words = settingsWords();
  const [made, setMade] = useState("");
  return (
    <Kept<LinkRow> title={words.links} hint={words.linksHint} data={data} part="links" none={words.noLinks} columns={[words.name, words.ends, words.madeBy]}
      row={(row) => ({ key: row.id, cells: [row.name, formatTime(Date.parse(row.expires_at), "day", tz), row.author || "–", <RemoveButton what={row.name} path={`${base}/links/${row.id}`} removed={data.retry} />] })}
    >
      {made !== "" && <><p role="status">{words.linkOnce}</p><pre tabIndex={0}><code>{made}</code></pre></>}
      <SmallForm label={words.share} fields={[{ name: "name", label: words.forWhom }, { name: "days", label: words.lasts, options: words.days }]}
        submit={({ name, days }) => send("POST", `${base}/links`, { name, days: Number(days) })}
        done={(link) => { setMade(location.origin + hrefWith({ screen: "happiness", ...FRESH }) + (link as { fragment: string }).fragment); data.retry(); }} />
    </Kept>
  );
}

export function People({ data }: { data: ScreenData }) {
  const words = settingsWords();
  return (
    <Kept<Granted & { email: string }> title={words.people} hint={words.peopleHint} data={data} part="people" none={words.noPeople} columns={[words.email, words.name, words.allows, words.sites]}
      row={(row) => ({ key: row.email, cells: [row.email, row.name, scopesWords(row.scopes), sitesWords(row.sites), <RemoveButton what={row.email} path={`/api/v1/people/${encodeURIComponent(row.email)}`} removed={data.retry} />] })}
    >
      <SmallForm label={words.add} fields={[{ name: "email", label: words.email, type: "email" }, { name: "name", label: words.name, optional: true }, { name: "password", label: words.password, type: "password" }, { name: "scope", label: words.allows, options: words.scopes }]}
        submit={({ email, name, password, scope = "" }) => send("POST", "/api/v1/people", { email, name, password, sites: [address.value.site], scopes: upTo(scope) })} done={data.retry} />
    </Kept>
  );
}

interface RouteRow {
  readonly id: string;
  readonly kind: string;
  readonly url: string;
  readonly quiet_hours: { readonly from: string; readonly to: string; readonly tz: string } | null;
  readonly severities: readonly string[];
}

/** Which alerts a route takes, and when it takes none. */
function whichWords({ quiet_hours: quiet, severities }: RouteRow): string {
  const words = settingsWords();
  const [only] = severities;
  const which = severities.length === 1 && only !== undefined ? words.severities[only] ?? only : words.allAlerts;
  return quiet === null ? which : `${which}; ${words.notBetween(quiet.from, quiet.to, quiet.tz.replace("_", " "))}`;
}

export function Routes({ data, base }: { data: ScreenData; base: string }) {
  const words = settingsWords();
  const tz = address.value.tz ?? browserTimeZone();
  return (
    <Kept<RouteRow> title={words.routes} data={data} part="routes" none={words.noRoutes} columns={[words.kind, words.address, words.which]}
      row={(row) => ({ key: row.id, cells: [words.kinds[row.kind] ?? row.kind, row.url, whichWords(row), <RemoveButton what={row.url} path={`${base}/alert-routes/${row.id}`} removed={data.retry} />] })}
    >
      <SmallForm label={words.addRoute} fields={[{ name: "kind", label: words.kind, options: words.kinds }, { name: "url", label: words.address, type: "url" }, { name: "secret", label: words.secret, type: "password", optional: true },
        { name: "severity", label: words.which, options: words.severities }, { name: "quiet", label: words.quietHours, optional: true, pattern: "\\d\\d:\\d\\d *[-–] *\\d\\d:\\d\\d" }]}
        submit={({ kind = "", url = "", secret, severity, quiet = "" }) => {
          const [from, to] = quiet.split(/ *[-–] */);
          return send("PUT", `${base}/alert-routes/${kind}-${Date.now().toString(36)}`, {
            kind, url, ...(secret ? { secret } : {}), ...(severity ? { severities: [severity] } : {}), ...(to ? { quiet_hours: { from, to, tz } } : {}),
          });
        }} done={data.retry} />
    </Kept>
  );
}
