// What every screen is made of. Nothing is exported: build.mjs lets the app and each part that is fetched on its own
// import this list, so that all of it lands in one file, instead of a sliver for each set of screens that share it.

import "./address/navigate.ts";
import "./api/paths.ts";
import "./api/screen-data.ts";
import "./charts/line-chart.tsx";
import "./charts/share-bar.tsx";
import "./charts/steps.ts";
import "./chrome/chips.tsx";
import "./chrome/freshness.tsx";
import "./chrome/keys.tsx";
import "./widgets/compared.tsx";
import "./widgets/figure.tsx";
import "./widgets/headline.tsx";
import "./widgets/lazy.tsx";
import "./widgets/no-visits.tsx";
import "./widgets/parts.tsx";
import "./widgets/popover.tsx";
import "./widgets/term.tsx";
import "./widgets/warnings.tsx";
import "./widgets/widget.tsx";
import "./words/compare.ts";
import "./words/no-visits.ts";
