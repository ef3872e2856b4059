// The words that every screen needs: chrome, widgets, names of things.

import { catalog } from "./language.ts";
import en from "./messages/core.en.ts";

export const core = catalog(en, () => import("./messages/core.de.ts"));
