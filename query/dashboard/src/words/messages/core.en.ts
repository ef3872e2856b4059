// English: what every screen needs.

import chrome from "./chrome.en.ts";

const core = { chrome };
export default core;
