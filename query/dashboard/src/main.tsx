// Starts the web app, once it knows the reader's language.

import { render } from "preact";
import { App } from "./app.tsx";
import { preferredLanguage, speak } from "./words/language.ts";

const place = document.getElementById("app");
if (place !== null) void speak(preferredLanguage(), false).then(() => render(<App />, place));
