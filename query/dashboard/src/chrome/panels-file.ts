// What opens from the chrome and from cards, which travels in one file.

import "../kit.ts";

export { CompareChoices } from "./compare-choices.tsx";
export { CustomRange } from "./custom-range.tsx";
export { FilterForm } from "./filter-form.tsx";
export { DataChoices } from "../widgets/data-choices.tsx";
export { FirstVisit } from "../widgets/first-visit.tsx";
export { HelpBox } from "./help-box.tsx";
