// Deutsch: was jede Ansicht braucht.

import type en from "./core.en.ts";
import chrome from "./chrome.de.ts";
import glossary from "./glossary.de.ts";
import names from "./names.de.ts";
import sentences from "./sentences.de.ts";
import widgets from "./widgets.de.ts";

const core: typeof en = { chrome, glossary, names, sentences, widgets };
export default core;
