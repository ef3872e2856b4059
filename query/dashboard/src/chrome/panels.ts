// What opens when somebody asks for it, or before a site's first visit, is fetched then: the first picture needs none of it.

import type * as Panels from "./panels-file.ts";

export let panels: typeof Panels | undefined;

export async function loadPanels(): Promise<typeof Panels> {
  return (panels ??= await import("./panels-file.ts"));
}
