// Query parameters that a site lets leave the page: `data-query="q utm_source"`.
import { queries } from "./url";
import type { Options } from "./config";

export const keepQueries = ({ query }: Partial<Options>): void => {
  if (!query) return;
  const allowed = query.split(/[\s,]+/);
  queries._kept = (url) => {
    const kept = new URLSearchParams([...new URL(url, location.href).searchParams].filter(([name]) => allowed.includes(name))) + "";
    return kept && "?" + kept;
  };
};
