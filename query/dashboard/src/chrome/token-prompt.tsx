// Asked when the server wants a token: one field, kept for this tab only.

import { useState } from "preact/hooks";
import { setToken, token } from "../api/token.ts";

export function TokenPrompt({ retry }: { retry: () => void }) {
  const [text, setText] = useState("");
  const refused = token.value !== null;
  return (
    <main id="main" class="alone" tabIndex={-1}>
      <h1>Who are you?</h1>
      <p class="lead">This Felt shows its figures only to those with a token. Whoever runs it can make one:</p>
      <pre><code>felt token create --site YOUR-SITE --scope read:metrics</code></pre>
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
        <button type="submit" class="button primary">Go on</button>
      </form>
    </main>
  );
}
