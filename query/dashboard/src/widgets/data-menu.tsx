// The way from a picture to its figures.

import { loadPanels, panels } from "../chrome/panels.ts";
import { core } from "../words/core.ts";
import { Popover } from "./popover.tsx";

export function DataMenu({ path, name }: { path: string; name: string }) {
  const { title } = core().widgets.data;
  return (
    <Popover label={title} title={title} load={loadPanels} buttonClass="icon" button={<><span class="sr-only">{title}</span><span aria-hidden="true">⋯</span></>}>
      {() => panels !== undefined && <panels.DataChoices path={path} name={name} />}
    </Popover>
  );
}
