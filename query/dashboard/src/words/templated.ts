// Sentences that come in English from elsewhere, put into another language by templates.

/**
 * A translator by templates: `{}` in the English one takes in anything, and is put where `{}` is in the other, in the same order and
 * translated itself. The first template that fits counts; what none fits stays as it is.
 */
export function templated(templates: Readonly<Record<string, string>>): (text: string) => string {
  const known = Object.entries(templates).map(([english, other]) => [new RegExp(`^${english.split("{}").map((part) => part.replace(/[^\w\s]/g, "\\$&")).join("(.+?)")}$`), other] as const);
  const translate = (text: string): string => {
    for (const [pattern, other] of known) {
      const found = pattern.exec(text);
      if (found !== null) {
        const told = found.slice(1).map(translate);
        return other.replace(/\{\}/g, () => told.shift() ?? "");
      }
    }
    return text;
  };
  return translate;
}
