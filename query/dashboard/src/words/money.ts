// Amounts of money. Whole units by default: what is estimated or summed has no cents worth telling.

import { formatCount } from "./format.ts";
import { locale } from "./language.ts";

export function formatMoney(amount: number, currency: string | null, digits = 0): string {
  try {
    return new Intl.NumberFormat(locale(), { style: "currency", currency: currency ?? "", maximumFractionDigits: digits }).format(amount);
  } catch {
    // A currency that nobody knows, or none.
    return `${formatCount(amount)} ${currency ?? ""}`.trim();
  }
}
