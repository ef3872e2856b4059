// What the Settings screen says.

import { catalog } from "./language.ts";
import en from "./messages/settings.en.ts";

export const settingsWords = catalog(en, () => import("./messages/settings.de.ts"));
