// Shown when the server wants to know who is looking: an account, the company's own sign-in, or an API token.

import { useEffect, useState } from "preact/hooks";
import { askWays, elsewhereHref, refusedElsewhere, signIn, type Ways } from "../api/session.ts";
import { setToken, token } from "../api/token.ts";

const REFUSED: Readonly<Record<string, string>> = {
  "oidc-no-grant": "Your account may not look at this Felt. Whoever runs it can change that.",
  "oidc-provider": "The sign-in service does not answer at the moment. Try again.",
  "oidc-not-begun": "That took too long, or began in another browser. Try again.",
};

export function SignIn({ retry }: { retry: () => void }) {
  const [ways, setWays] = useState<Ways | null>();
  useEffect(() => void askWays().then(setWays), []);
  if (ways === undefined) return <div class="alone"><p role="status">Loading</p></div>;
  const people = ways !== null && (ways.password || ways.oidc !== null);
  return (
    <div class={people ? "alone sign-in" : "alone"}>
      <h1>{people ? "Sign in" : "Who are you?"}</h1>
      {refusedElsewhere !== null && <p class="failed" role="alert">{REFUSED[refusedElsewhere] ?? "That sign-in did not work. Try again."}</p>}
      {ways?.oidc && <a class="button primary wide" href={elsewhereHref()}>{`Go on with ${ways.oidc}`}</a>}
      {ways?.password && <PasswordForm retry={retry} second={ways.oidc !== null} />}
      {people ? (
        <details open={token.value !== null}>
          <summary>Use an API token instead</summary>
          <TokenForm retry={retry} />
        </details>
      ) : (
        <>
          <p class="lead">This Felt shows its figures only to those with an account or a token. Whoever runs it can make one:</p>
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

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    setBusy(true);
    const refused = await signIn(email, password);
    setBusy(false);
    setFault(refused ?? "");
    if (refused === null) retry();
  }

  return (
    <form class="form" onSubmit={(event) => void submit(event)} aria-describedby={fault ? "sign-in-fault" : undefined}>
      {second && <p class="or">or with a password</p>}
      <label>
        E-mail
        <input type="email" name="email" autocomplete="username" inputMode="email" autocapitalize="none" spellcheck={false} required value={email} onInput={(event) => setEmail(event.currentTarget.value)} />
      </label>
      <label>
        Password
        <input type="password" name="password" autocomplete="current-password" required value={password} onInput={(event) => setPassword(event.currentTarget.value)} />
      </label>
      {fault && <p id="sign-in-fault" class="failed" role="alert">{fault}</p>}
      <button type="submit" class="button primary wide" disabled={busy}>{busy ? "Signing in …" : "Sign in"}</button>
    </form>
  );
}

function TokenForm({ retry }: { retry: () => void }) {
  const [text, setText] = useState("");
  const refused = token.value !== null;
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
        Token
        <input type="password" autocomplete="off" required value={text} onInput={(event) => setText(event.currentTarget.value)} aria-describedby="token-note" />
      </label>
      <p id="token-note" class="hint" role={refused ? "alert" : undefined}>
        {refused ? "That token was not accepted. " : ""}It stays in this tab and is gone when you close it.
      </p>
      <button type="submit" class="button">Go on</button>
    </form>
  );
}

