// What every screen is made of. Nothing is exported: the app and each part that is fetched on its own import this list, so
// that all of it lands in one file, instead of a sliver for each set of screens that share it.

import "./address/navigate.ts";
import "./api/paths.ts";
import "./api/screen-data.ts";
import "./app.tsx";
import "./charts/line-chart.tsx";
import "./charts/share-bar.tsx";
import "./charts/steps.ts";
import "./chrome/chips.tsx";
import "./chrome/freshness.tsx";
import "./chrome/keys.tsx";
import "./stats/most.ts";
import "./widgets/choice.tsx";
import "./widgets/code.tsx";
import "./widgets/copy-button.tsx";
import "./widgets/figure.tsx";
import "./widgets/headline.tsx";
import "./widgets/lazy.tsx";
import "./widgets/no-visits.tsx";
import "./widgets/popover.tsx";
import "./widgets/screen.tsx";
import "./widgets/shape.tsx";
import "./widgets/table.tsx";
import "./widgets/term.tsx";
import "./widgets/warnings.tsx";
import "./widgets/widget.tsx";
import "./words/compare.ts";
import "./words/no-visits.ts";
import "./words/starred.ts";
