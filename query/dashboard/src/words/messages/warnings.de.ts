// Deutsch: was der Server zu seinen Antworten sagt. Der Schlüssel ist sein englischer Satz; `{}` steht für das, was er an dieser Stelle einsetzt,
// und in der Übersetzung in derselben Reihenfolge.

export const warnings: Readonly<Record<string, string>> = {
  "estimated from one in {} sessions, so counts are approximate": "geschätzt aus einer von {} Sitzungen, Anzahlen sind also ungefähr",
  "{}: {} values beyond the day's budget were folded into (other)": "{}: {} Werte über dem Budget des Tages stehen zusammen unter (other)",
  "single page views are kept for {} days: what began before {} may be missing": "einzelne Seitenaufrufe bleiben {} Tage lang erhalten: Was vor {} begann, kann fehlen",
  "so far back only whole UTC hours are kept: days are cut at the nearest hour before": "so weit zurück gibt es nur ganze Stunden nach UTC: Tage beginnen mit der letzten Stunde davor",
  "so far back only whole hours are kept: the answer is for {} to {}": "so weit zurück gibt es nur ganze Stunden: Die Antwort gilt für {} bis {}",
  "the store does not answer at the moment: these figures are {} old": "der Speicher antwortet gerade nicht: Diese Zahlen sind {} alt",
  "less than a minute": "weniger als eine Minute",
  "there are no page views to compare with": "es gibt keine Seitenaufrufe, mit denen sich vergleichen ließe",
  "no page view of this time is of an earlier release": "in dieser Zeit gehört kein Seitenaufruf zu einem früheren Release",
  "in this time no page view is of a release that is asked about": "in dieser Zeit gehört kein Seitenaufruf zu einem gefragten Release",
  "of {} releases the newest {} were compared": "von {} Releases wurden die neuesten {} verglichen",
  "of {} groups the {} with the most page views were compared": "von {} Gruppen wurden die {} mit den meisten Seitenaufrufen verglichen",
  "{} differences were tried at once, and {} are called better or worse, of which one in twenty may be chance (Benjamini-Hochberg); intervals are those of each alone":
    "{} Unterschiede wurden zugleich geprüft, und {} heißen besser oder schlechter, von denen einer unter zwanzig Zufall sein kann (Benjamini-Hochberg); Intervalle gelten für jeden allein",
  "{} differences were tried at once, and {} is called better or worse, of which one in twenty may be chance (Benjamini-Hochberg); intervals are those of each alone":
    "{} Unterschiede wurden zugleich geprüft, und {} heißt besser oder schlechter, von denen einer unter zwanzig Zufall sein kann (Benjamini-Hochberg); Intervalle gelten für jeden allein",
  "the mix of visitors inside of each group is not evened out": "die Mischung der Besucher in jeder Gruppe ist nicht ausgeglichen",
  "the mix of visitors is not evened out": "die Mischung der Besucher ist nicht ausgeglichen",
  "the mix of {} is not evened out: that takes single page views, which are read of a shorter or later range":
    "die Mischung der {} ist nicht ausgeglichen: Dazu braucht es einzelne Seitenaufrufe, die es für eine kürzere oder spätere Zeit gibt",
  "devices and countries": "Geräte und Länder",
  devices: "Geräte",
  countries: "Länder",
  "evening out the mix of visitors would cost more than one question may, so both sides are compared as they are: ask for a shorter range":
    "die Mischung der Besucher auszugleichen kostete mehr, als eine Frage darf; beide Seiten sind verglichen, wie sie sind: eine kürzere Zeit hilft",
  "{}: too little is alike on both sides, so they are compared as they are": "{}: Beiden Seiten ist zu wenig gemeinsam, sie sind verglichen, wie sie sind",
  "{} page views have no counterpart on the other side and are left out: {}": "{} Seitenaufrufe haben auf der anderen Seite kein Gegenstück und fehlen: {}",
  "{} page views have no counterpart on this side and are left out: {}": "{} Seitenaufrufe der anderen Seite haben auf dieser kein Gegenstück und fehlen: {}",
  "{} of {} page views are from countries with too few of them, and are compared with such views of the same device":
    "{} von {} Seitenaufrufen kommen aus Ländern mit zu wenigen davon und sind mit solchen vom selben Gerät verglichen",
  "{} visits are left out: how long their first page took was not measured": "{} Besuche fehlen: Wie lange ihre erste Seite brauchte, wurde nicht gemessen",
  "{}: amounts were lost in other currencies too: {}": "{}: Auch in anderen Währungen gingen Beträge verloren: {}",
  "{} changes were found, of which the newest {} are told": "{} Änderungen wurden gefunden, die neuesten {} stehen hier",
  "the {} series with the most page views were watched": "beobachtet wurden die {} Reihen mit den meisten Seitenaufrufen",
  "page views of the week before the control are not all there: new and returning people are not told apart":
    "von der Woche vor dem Vergleich fehlen Seitenaufrufe: Neue und wiederkehrende Menschen sind nicht zu unterscheiden",
  "orders in {} are left out: name another by `currency`": "Bestellungen in {} fehlen: `currency` nennt eine andere Währung",
  "the site samples: counts are of what was kept": "die Website misst eine Stichprobe: Gezählt ist, was davon ankam",
  "the past is being counted: figures are not complete yet": "die Vergangenheit wird noch gezählt: Die Zahlen sind noch nicht vollständig",
  "the journey `{}`: its past is being counted, as soon as somebody defines it or events tell it":
    "der Ablauf `{}`: Seine Vergangenheit wird gezählt, sobald ihn jemand festlegt oder Ereignisse ihn melden",
  "the rule {} can never fire: at this objective nothing but bad ones burns slower than {} times; choose a higher objective":
    "die Regel {} kann nie auslösen: Bei diesem Ziel verbraucht selbst lauter Schlechtes weniger als das {}-Fache; ein höheres Ziel hilft",
  // Zuletzt: Was vor einem anderen Satz steht, der seinerseits übersetzt wird.
  "of what is compared with: {}": "zum Vergleich: {}",
  "of {}: {}": "zu {}: {}",
};
