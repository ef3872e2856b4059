// English: what every screen needs.

import chrome from "./chrome.en.ts";
import glossary from "./glossary.en.ts";
import names from "./names.en.ts";
import sentences from "./sentences.en.ts";
import widgets from "./widgets.en.ts";

const core = { chrome, glossary, names, sentences, widgets };
export default core;
