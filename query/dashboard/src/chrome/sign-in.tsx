// Shown when the server wants to know who is looking: an account, the company's own sign-in, or an API token.

import "../kit.ts";
import { useEffect, useState } from "preact/hooks";
import { refusedElsewhere } from "../api/session.ts";
import { askWays, elsewhereHref, signIn, type Ways } from "../api/sign-in.ts";
import { isShared, setToken, token } from "../api/token.ts";
import { core } from "../words/core.ts";
import { signInWords } from "../words/sign-in.ts";

export function SignIn({ retry }: { retry: () => void }) {
  const [ways, setWays] = useState<Ways | null>();
  useEffect(() => void askWays().then(setWays), []);
  if (ways === undefined) return <div class="alone"><p role="status">{core().chrome.loading}</p></div>;
  const words = signInWords();
  if (isShared()) {
    return (
      <div class="alone">
        <h1>{words.linkOver}</h1>
        <p class="lead">{words.askAnew}</p>
        <button type="button" class="button" onClick={() => { setToken(""); retry(); }}>{words.withoutLink}</button>
      </div>
    );
  }
  const people = ways !== null && (ways.password || ways.oidc !== null);
  return (
    <div class={people ? "alone sign-in" : "alone"}>
      <h1>{people ? words.title : words.unknown}</h1>
      {refusedElsewhere !== null && <p class="failed" role="alert">{words.refused[refusedElsewhere] ?? words.didNotWork}</p>}
      {ways?.oidc && <a class="button primary wide" href={elsewhereHref()}>{words.elsewhere(ways.oidc)}</a>}
      {ways?.password && <PasswordForm retry={retry} second={ways.oidc !== null} />}
      {people ? (
        <details open={token.value !== null}>
          <summary>{words.tokenInstead}</summary>
          <TokenForm retry={retry} />
        </details>
      ) : (
        <>
          <p class="lead">{words.lead}</p>
          <pre tabIndex={0}><code>{"felt person add YOU@EXAMPLE --site YOUR-SITE\nfelt token create --site YOUR-SITE --scope read:metrics"}</code></pre>
          <TokenForm retry={retry} />
        </>
      )}
    </div>
  );
}

function PasswordForm({ retry, second }: { retry: () => void; second: boolean }) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);
  const words = signInWords();

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    setBusy(true);
    const refused = await signIn(email, password, words.faults);
    setBusy(false);
    setFault(refused ?? "");
    if (refused === null) retry();
  }

  return (
    <form class="form" onSubmit={(event) => void submit(event)} aria-describedby={fault ? "sign-in-fault" : undefined}>
      {second && <p class="or">{words.or}</p>}
      <label>
        {words.email}
        <input type="email" name="email" autocomplete="username" inputMode="email" autocapitalize="none" spellcheck={false} required value={email} onInput={(event) => setEmail(event.currentTarget.value)} />
      </label>
      <label>
        {words.password}
        <input type="password" name="password" autocomplete="current-password" required value={password} onInput={(event) => setPassword(event.currentTarget.value)} />
      </label>
      {fault && <p id="sign-in-fault" class="failed" role="alert">{fault}</p>}
      <button type="submit" class="button primary wide" disabled={busy}>{busy ? words.busy : words.title}</button>
    </form>
  );
}

function TokenForm({ retry }: { retry: () => void }) {
  const [text, setText] = useState("");
  const refused = token.value !== null;
  const words = signInWords();
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        setToken(text);
        retry();
      }}
    >
      <label>
        {words.token}
        <input type="password" autocomplete="off" required value={text} onInput={(event) => setText(event.currentTarget.value)} aria-describedby="token-note" />
      </label>
      <p id="token-note" class="hint" role={refused ? "alert" : undefined}>
        {refused ? words.notAccepted : ""}{words.tokenStays}
      </p>
      <button type="submit" class="button">{words.goOn}</button>
    </form>
  );
}

