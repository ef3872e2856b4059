// What opens from the chrome is fetched when the first of it opens: the first picture needs none of it.

import type * as Panels from "./panels-file.ts";

export let panels: typeof Panels | undefined;

export async function loadPanels(): Promise<void> {
  panels ??= await import("./panels-file.ts");
}
