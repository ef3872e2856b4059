// Two OpenID providers on free ports of this machine, for the tests of the sign-in. Prints their addresses as one line of JSON.
//
// `genuine` is the certified `oidc-provider`, whose one account signs in by itself. `forging` answers as a provider does, with an ID
// token that is wrong in the way that was last posted to its `/control`. Both end when standard input is closed.

import { createServer } from "node:http";
import * as jose from "jose";
import Provider from "oidc-provider";

const CLIENT = { id: "felt", secret: "a secret of the tests, long enough for HS256" };
const ACCOUNT = { sub: "ada-1", email: "ada@shop.example", email_verified: true, name: "Ada", groups: ["owners"] };

async function listen(handle) {
  const server = createServer((request, response) => handle(request, response));
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return `http://127.0.0.1:${server.address().port}`;
}

async function read(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text;
}

async function key(kid, alg = "RS256") {
  const { publicKey, privateKey } = await jose.generateKeyPair(alg, { extractable: true });
  const own = { kid, alg, use: "sig" };
  return { privateKey, public: { ...(await jose.exportJWK(publicKey)), ...own }, private: { ...(await jose.exportJWK(privateKey)), ...own } };
}

// ---- genuine ----

let genuine;
let keys = 0;
let redirect = "http://127.0.0.1:1/api/v1/session/oidc/callback";

async function makeGenuine(issuer) {
  const provider = new Provider(issuer, {
    clients: [{ client_id: CLIENT.id, client_secret: CLIENT.secret, redirect_uris: [redirect], grant_types: ["authorization_code"], response_types: ["code"] }],
    jwks: { keys: [(await key(`genuine-${++keys}`)).private] },
    cookies: { keys: ["of the tests"] },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "groups"] },
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false } },
    pkce: { required: () => true },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    findAccount: (_, sub) => ({ accountId: sub, claims: async () => ACCOUNT }),
    ttl: { AccessToken: 60, AuthorizationCode: 60, IdToken: 60, Interaction: 60, Session: 60, Grant: 60 },
    async loadExistingGrant(ctx) {
      const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
      grant.addOIDCScope("openid email profile");
      await grant.save();
      return grant;
    },
  });
  const callback = provider.callback();
  return async (request, response) => {
    if (request.url.startsWith("/interaction/")) {
      return provider.interactionFinished(request, response, { login: { accountId: ACCOUNT.sub } }, { mergeWithLastSubmission: false });
    }
    return callback(request, response);
  };
}

const genuineUrl = await listen(async (request, response) => {
  if (request.url === "/control") {
    // Another address to come back to, or other keys: either way all that was known is forgotten.
    redirect = JSON.parse(await read(request)).redirect ?? redirect;
    genuine = await makeGenuine(genuineUrl);
    return response.writeHead(204).end();
  }
  return genuine(request, response);
});
genuine = await makeGenuine(genuineUrl);

// ---- forging ----

let mode = "good";
let published = await key("forging-1");
const unpublished = await key("forging-1");
const codes = new Map();

async function idToken(nonce) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: forgingUrl, aud: CLIENT.id, sub: ACCOUNT.sub, iat: now, exp: now + 60, nonce, email: ACCOUNT.email, email_verified: true };
  const alter = {
    wrong_nonce: { nonce: "another" },
    no_nonce: { nonce: undefined },
    wrong_audience: { aud: "somebody else" },
    two_audiences: { aud: [CLIENT.id, "somebody else"] },
    wrong_issuer: { iss: "https://id.example" },
    expired: { iat: now - 7200, exp: now - 3600 },
    unverified: { email_verified: false },
    no_email: { email: undefined },
    stranger: { email: "eve@evil.example" },
  };
  const body = JSON.parse(JSON.stringify({ ...claims, ...alter[mode] }));
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  if (mode === "alg_none") return `${encode({ alg: "none" })}.${encode(body)}.`;
  if (mode === "hs256") return new jose.SignJWT(body).setProtectedHeader({ alg: "HS256" }).sign(new TextEncoder().encode(CLIENT.secret));
  if (mode === "rotated") published = await key(`forging-${++keys}-new`);
  const signed = mode === "other_key" ? unpublished : published;
  const token = await new jose.SignJWT(body).setProtectedHeader({ alg: "RS256", kid: published.public.kid }).sign(signed.privateKey);
  if (mode !== "tampered") return token;
  const [head, , signature] = token.split(".");
  return `${head}.${encode({ ...body, email: "admin@shop.example" })}.${signature}`;
}

const forgingUrl = await listen(async (request, response) => {
  const url = new URL(request.url, forgingUrl);
  const json = (status, body) => response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  switch (url.pathname) {
    case "/control":
      ({ mode } = JSON.parse(await read(request)));
      return response.writeHead(204).end();
    case "/.well-known/openid-configuration":
      return json(200, {
        issuer: forgingUrl, authorization_endpoint: `${forgingUrl}/auth`, token_endpoint: `${forgingUrl}/token`, jwks_uri: `${forgingUrl}/jwks`,
        response_types_supported: ["code"], subject_types_supported: ["public"], id_token_signing_alg_values_supported: ["RS256", "HS256", "none"],
      });
    case "/jwks":
      return json(200, { keys: [published.public] });
    case "/auth": {
      const code = `code-${codes.size}`;
      codes.set(code, url.searchParams.get("nonce"));
      return response.writeHead(302, { Location: `${url.searchParams.get("redirect_uri")}?code=${code}&state=${encodeURIComponent(url.searchParams.get("state"))}` }).end();
    }
    case "/token": {
      const code = new URLSearchParams(await read(request)).get("code");
      if (!codes.has(code)) return json(400, { error: "invalid_grant" });
      const nonce = codes.get(code);
      codes.delete(code);
      if (mode === "no_token") return json(200, { access_token: "x", token_type: "Bearer" });
      return json(200, { access_token: "x", token_type: "Bearer", id_token: await idToken(nonce) });
    }
    default:
      return json(404, {});
  }
});

console.log(JSON.stringify({ genuine: genuineUrl, forging: forgingUrl, ...CLIENT }));
process.stdin.on("end", () => process.exit(0)).resume();
