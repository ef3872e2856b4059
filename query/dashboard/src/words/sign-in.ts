// The words of the sign-in, and of a Felt without a site.

import { catalog } from "./language.ts";
import en from "./messages/sign-in.en.ts";

export const signInWords = catalog(en, () => import("./messages/sign-in.de.ts"));
