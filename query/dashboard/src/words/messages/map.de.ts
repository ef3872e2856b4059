// Deutsch: die Karte der Länder.

import type en from "./map.en.ts";

const map: typeof en = {
  title: "Rund um die Welt",
  summary: (countries, unhappiest, score) => `Besuche aus ${countries}; am unzufriedensten, wo es genug sind: ${unhappiest} mit ${score} von 100.`,
  summaryFew: (countries) => `Besuche aus ${countries}; aus jedem zu wenige für ein Urteil.`,
  country: ["Land", "Ländern"],
  columns: ["Land", "Zufriedenheit", "Seitenaufrufe"],
  label: "Die Pfeiltasten gehen durch die Länder, die mit den meisten Besuchen zuerst; die Eingabetaste zeigt nur dieses Land.",
  idle: "Zeigen Sie auf ein Land, oder nehmen Sie die Pfeiltasten.",
  says: (country, score, views) => `${country}: ${score} von 100, ${views}`,
  few: (country, views) => `${country}: zu wenige für ein Urteil, ${views}`,
  tooFew: "zu wenige für ein Urteil",
  fewLegend: "zu wenige",
};
export default map;
