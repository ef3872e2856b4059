// Starts the web app, once it knows the reader's language.

import "./kit.ts";
import { render } from "preact";
import { address } from "./address/navigate.ts";
import { App } from "./app.tsx";
import { preferredLanguage, speak } from "./words/language.ts";

// The page names the files of every screen; those of this one are fetched side by side, and not each when the one before it asks.
for (const link of document.querySelectorAll<HTMLLinkElement>(`[data-for~=${address.value.screen}]`)) link.rel = "modulepreload";

const place = document.getElementById("app");
if (place !== null) void speak(preferredLanguage(), false).then(() => render(<App />, place));
