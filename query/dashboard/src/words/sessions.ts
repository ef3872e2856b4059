// What the Sessions screen says.

import { catalog } from "./language.ts";
import en from "./messages/sessions.en.ts";

export const sessionWords = catalog(en, () => import("./messages/sessions.de.ts"));
