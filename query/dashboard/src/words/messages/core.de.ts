// Deutsch: was jede Ansicht braucht.

import type en from "./core.en.ts";
import chrome from "./chrome.de.ts";

const core: typeof en = { chrome };
export default core;
