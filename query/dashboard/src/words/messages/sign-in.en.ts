// English: signing in, and a Felt without a site.

const signIn = {
  title: "Sign in",
  unknown: "Who are you?",
  refused: {
    "oidc-no-grant": "Your account may not look at this Felt. Whoever runs it can change that.",
    "oidc-provider": "The sign-in service does not answer at the moment. Try again.",
    "oidc-not-begun": "That took too long, or began in another browser. Try again.",
  } as Record<string, string>,
  didNotWork: "That sign-in did not work. Try again.",
  elsewhere: (provider: string) => `Go on with ${provider}`,
  tokenInstead: "Use an API token instead",
  lead: "This Felt shows its figures only to those with an account or a token. Whoever runs it can make one:",
  or: "or with a password",
  email: "E-mail",
  password: "Password",
  busy: "Signing in …",
  token: "Token",
  notAccepted: "That token was not accepted. ",
  tokenStays: "It stays in this tab and is gone when you close it.",
  goOn: "Go on",
  linkOver: "This link has ended or was taken back.",
  askAnew: "Whoever sent it to you can make a new one.",
  withoutLink: "Go on without it",
  faults: {
    wrong: "The e-mail address or the password is not right.",
    wait: (seconds: string | null) => `Too many tries. Wait ${seconds ?? "some"} seconds before the next.`,
    unreachable: "The server cannot be reached.",
  },
  noSite: {
    title: "No site yet",
    lead: ["Tell Felt about your site in ", ", then start it again:"] as [string, string],
    unknown: (site: string) => `There is no site “${site}”`,
    yours: "Or it is not yours to see. These are:",
  },
};
export default signIn;
