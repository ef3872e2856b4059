// Deutsch: die Wörter der Ansichten, jedes mit seiner Bedeutung in ein, zwei Sätzen.

import type en from "./glossary.en.ts";

const glossary: typeof en = {
  happiness: {
    word: "Zufriedenheit",
    meaning: "0 bis 100. Jeder Seitenaufruf wird nach seinem schlimmsten Moment beurteilt: wie lange er zum Öffnen und Reagieren brauchte, ob er sprang, ob er scheiterte. Ein erfreulicher gibt alle Punkte, ein ärgerlicher drei Viertel, ein schmerzhafter ein Viertel, ein brutaler keinen.",
  },
  interval: { word: "Wahrscheinlich zwischen", meaning: "Mit anderen Besuchern gleicher Laune bewegte allein der Zufall die Zahl 95 von 100 Mal innerhalb dieser Spanne. Mehr Besuche machen sie schmaler." },
  delighted: { word: "Erfreut", meaning: "Alles war schnell und ruhig: in 2,5 s geöffnet, in 0,2 s reagiert, kaum bewegt." },
  annoying: { word: "Ärgerlich", meaning: "Merklich langsam oder unruhig, etwa 2,5 bis 4 s bis zum Öffnen, oder ein kleiner Fehler." },
  painful: { word: "Schmerzhaft", meaning: "Es tat weh: 4 bis 8 s bis zum Öffnen, bis zu einer Sekunde ohne Reaktion, oder wütendes Klicken." },
  brutal: { word: "Brutal", meaning: "Die Seite scheiterte oder war so langsam, dass wenige warten würden: über 8 s zum Öffnen oder über eine Sekunde zum Reagieren." },
  lcp: { word: "Öffnen (LCP)", meaning: "Largest Contentful Paint: wie lange es dauerte, bis der Hauptteil der Seite zu sehen war. Gut sind 2,5 s oder weniger, schlecht ist über 4 s." },
  inp: { word: "Reagieren (INP)", meaning: "Interaction to Next Paint: wie lange die Seite nach einem Klick, Tippen oder Tastendruck brauchte, um etwas zu zeigen. Gut sind 200 ms oder weniger, schlecht ist über 500 ms." },
  cls: { word: "Springen (CLS)", meaning: "Cumulative Layout Shift: wie viel der Seite sich unter Augen oder Fingern bewegte. 0 ist ruhig, gut ist 0,1 oder weniger, schlecht ist über 0,25." },
  p75: { word: "Drei von vier", meaning: "Drei von vier Seitenaufrufen waren mindestens so gut, einer war schlechter. Das heißt 75. Perzentil (p75), und danach urteilen Suchmaschinen." },
  p50: { word: "Die Hälfte", meaning: "Der mittlere: die Hälfte der Seitenaufrufe war schneller, die Hälfte langsamer (Median, p50)." },
  p95: { word: "Neunzehn von zwanzig", meaning: "Einer von zwanzig Seitenaufrufen war noch langsamer (95. Perzentil, p95)." },
  views: { word: "Seitenaufrufe", meaning: "Wie oft eine Seite geöffnet und gesehen wurde. Wie oft ein Browser auch davon berichtet, es zählt einmal." },
  lost: { word: "Verlorene Zufriedenheit", meaning: "Wie unzufrieden eine Seite ihre Besucher machte, mal deren Zahl: wo sich das Ausbessern am meisten lohnt." },
  few: { word: "Zu wenige für ein Urteil", meaning: "Weniger als 30 Seitenaufrufe: die Zahl sagte mehr über den Zufall als über die Website." },
  small: { word: "Wenige Besuche", meaning: "Weniger als 100 Seitenaufrufe: die Zahl ist grob, deshalb trägt sie kein Urteil." },
  worse: { word: "Schlechter als der Rest", meaning: "Die ganze Spanne des Zufalls liegt für diese Zeile unter der aller anderen zusammen: kaum ein Zufall." },
  release: { word: "Release", meaning: "Die Fassung der Website, die lief, wie die Website selbst sie meldet." },
  who: { word: "Menschen und Bots", meaning: "Programme, die Seiten besuchen, etwa Suchmaschinen, werden erkannt und getrennt gehalten. Sie fühlen nichts, also haben sie keine Zufriedenheit." },
};
export default glossary;
