// Who and what may ask: tokens for programs, accounts for people, and where alerts are sent. For admins.

import { useState } from "preact/hooks";
import { address } from "../../address/navigate.ts";
import { send } from "../../api/client.ts";
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

export function Routes({ data, base }: { data: ScreenData; base: string }) {
  const words = settingsWords();
  return (
    <Kept<{ id: string; kind: string; url: string }> title={words.routes} data={data} part="routes" none={words.noRoutes} columns={[words.kind, words.address]}
      row={(row) => ({ key: row.id, cells: [words.kinds[row.kind] ?? row.kind, row.url, <RemoveButton what={row.url} path={`${base}/alert-routes/${row.id}`} removed={data.retry} />] })}
    >
      <SmallForm label={words.addRoute} fields={[{ name: "kind", label: words.kind, options: words.kinds }, { name: "url", label: words.address, type: "url" }, { name: "secret", label: words.secret, type: "password", optional: true }]}
        submit={({ kind = "", url = "", secret = "" }) => send("PUT", `${base}/alert-routes/${kind}-${Date.now().toString(36)}`, { kind, url, ...(secret === "" ? {} : { secret }) })} done={data.retry} />
    </Kept>
  );
}
