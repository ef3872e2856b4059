// Deutsch: Anmelden, und ein Felt ohne Website.

import type en from "./sign-in.en.ts";

const signIn: typeof en = {
  title: "Anmelden",
  unknown: "Wer sind Sie?",
  refused: {
    "oidc-no-grant": "Ihr Konto darf dieses Felt nicht ansehen. Wer es betreibt, kann das ändern.",
    "oidc-provider": "Der Anmeldedienst antwortet gerade nicht. Bitte noch einmal versuchen.",
    "oidc-not-begun": "Das dauerte zu lange oder begann in einem anderen Browser. Bitte noch einmal versuchen.",
  },
  didNotWork: "Diese Anmeldung ging nicht. Bitte noch einmal versuchen.",
  elsewhere: (provider) => `Weiter mit ${provider}`,
  tokenInstead: "Stattdessen ein API-Token nehmen",
  lead: "Dieses Felt zeigt seine Zahlen nur denen, die ein Konto oder ein Token haben. Wer es betreibt, kann eines machen:",
  or: "oder mit einem Passwort",
  email: "E-Mail",
  password: "Passwort",
  busy: "Anmeldung läuft …",
  token: "Token",
  notAccepted: "Dieses Token wurde nicht angenommen. ",
  tokenStays: "Es bleibt in diesem Tab und ist fort, wenn er geschlossen wird.",
  goOn: "Weiter",
  linkOver: "Dieser Link ist abgelaufen oder wurde zurückgenommen.",
  askAnew: "Wer ihn geschickt hat, kann einen neuen machen.",
  withoutLink: "Ohne ihn weiter",
  faults: {
    wrong: "Die E-Mail-Adresse oder das Passwort stimmt nicht.",
    wait: (seconds) => `Zu viele Versuche. Bis zum nächsten ${seconds ?? "einige"} Sekunden warten.`,
    unreachable: "Der Server ist nicht erreichbar.",
  },
  noSite: {
    title: "Noch keine Website",
    lead: ["Nennen Sie Felt Ihre Website in ", " und starten Sie es neu:"],
    unknown: (site) => `Eine Website „${site}“ gibt es nicht`,
    yours: "Oder sie ist nicht für Sie bestimmt. Diese sind es:",
  },
};
export default signIn;
