// The words of the Releases and Incidents screens.

import { catalog } from "./language.ts";
import en from "./messages/marks.en.ts";

export const markWords = catalog(en, () => import("./messages/marks.de.ts"));
