// The screens about what visitors felt.

import "../kit.ts";
import "../kit-figures.ts";

export { HappinessScreen as happiness } from "./happiness.tsx";
export { PagesScreen as pages } from "./pages.tsx";
