// Amounts of money, in whole units: what is estimated or summed has no cents worth telling.

import { formatCount } from "./format.ts";
import { locale } from "./language.ts";

export function formatMoney(amount: number, currency: string | null): string {
  try {
    return new Intl.NumberFormat(locale(), { style: "currency", currency: currency ?? "", maximumFractionDigits: 0 }).format(amount);
  } catch {
    // A currency that nobody knows, or none.
    return `${formatCount(amount)} ${currency ?? ""}`.trim();
  }
}
