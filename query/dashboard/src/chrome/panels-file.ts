// The panels of the chrome, which travel in one file.

export { CompareChoices } from "./compare-choices.tsx";
export { CustomRange } from "./custom-range.tsx";
export { FilterForm } from "./filter-form.tsx";
export { HelpBox } from "./help-box.tsx";
