// Deutsch: wie Messwerte, Ursachen, Merkmale und ihre Werte heißen.

import type en from "./names.en.ts";

const names: typeof en = {
  metrics: { happiness: "Zufriedenheit", lcp: "Öffnen", inp: "Reagieren", cls: "Springen", fcp: "Erster Anblick", ttfb: "Erste Antwort" },
  causes: {
    slow_open: { clause: "Es öffnete sich langsam", because: "es sich langsam öffnete", hurtsMost: "langsames Öffnen schmerzt am meisten", brief: "Langsames Öffnen", meaning: "Der Hauptteil der Seite brauchte über 2,5 s, bis er da war." },
    slow_react: { clause: "Es reagierte langsam", because: "es langsam reagierte", hurtsMost: "langsames Reagieren schmerzt am meisten", brief: "Langsames Reagieren", meaning: "Nach einem Klick, Tippen oder Tastendruck war über 0,2 s lang nichts zu sehen." },
    jumped: { clause: "Es sprang umher", because: "es umhersprang", hurtsMost: "springende Inhalte schmerzen am meisten", brief: "Springen", meaning: "Teile der Seite bewegten sich, während sie gelesen oder benutzt wurde." },
    broke: { clause: "Etwas ging kaputt", because: "etwas kaputtging", hurtsMost: "Fehler schmerzen am meisten", brief: "Fehler", meaning: "Die Seite schlug fehl, ein Skript stürzte ab, oder Klicks bewirkten nichts." },
    gave_up: { clause: "Sie gaben das Warten auf", because: "sie das Warten aufgaben", hurtsMost: "Warten bis zum Aufgeben schmerzt am meisten", brief: "Aufgegeben", meaning: "Der Besucher ging, bevor die Seite da war; die gewartete Zeit zählt." },
  },
  dimensions: {
    page: "Seite", path: "Genauer Pfad", country: "Land", region: "Region", device: "Gerät", os: "Betriebssystem", browser: "Browser", browser_version: "Browserversion",
    connection: "Verbindung", release: "Release", nav: "Art der Ankunft", referrer: "Kam von", lang: "Sprache", bot: "Bot-Regel", cause: "Ursache",
  },
  tag: (name) => `Merkmal „${name}“`,
  nav: {
    navigate: "Link geöffnet", reload: "Neu geladen", back_forward: "Zurück oder vor", bfcache: "Zurück, aus dem Speicher", prerender: "Vorab geöffnet", restore: "Wiederhergestellt", soft: "Innerhalb der App",
  },
  devices: { mobile: "Handy", desktop: "Computer", tablet: "Tablet" },
  unknown: "(unbekannt)",
  others: "Alle anderen zusammen",
  titles: { release: "Releases", device: "Geräte", country: "Länder", browser: "Browser", page: "Seiten" },
};
export default names;
