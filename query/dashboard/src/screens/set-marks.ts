// The screens about what happened to the site.

import "../kit.ts";
import "../kit-figures.ts";

export { IncidentsScreen as incidents } from "./incidents.tsx";
export { ReleasesScreen as releases } from "./releases.tsx";
