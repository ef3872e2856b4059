// What the screens about figures share, beside kit.ts: scores, tiles, breakdowns, series. In a file
// of its own, which those sets of screens import whole; the first picture of the others does without.

import "./api/beside.ts";
import "./api/read.ts";
import "./widgets/breakdown-table.tsx";
import "./widgets/cause-list.tsx";
import "./widgets/cells.tsx";
import "./widgets/compared.tsx";
import "./widgets/happiness-card.tsx";
import "./widgets/hurting-pages.tsx";
import "./widgets/metric-tile.tsx";
import "./widgets/metric-title.tsx";
import "./widgets/series.tsx";
import "./widgets/step-choice.tsx";
import "./words/headline.ts";
