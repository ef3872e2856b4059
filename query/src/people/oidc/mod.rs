//! Sign-in at an OpenID provider: authorization code with PKCE, state and nonce; the ID token's signature is checked
//! against the provider's published keys, and its issuer, audience and times by the `openidconnect` crate.
//!
//! What a sign-in began with is one random secret in a cookie of the browser; state, nonce and PKCE verifier follow
//! from it. So any process can end what another began, and nobody can end what another browser began.

mod calls;
mod config;
mod http;

#[doc(hidden)]
pub use calls::{__path_oidc_callback, __path_oidc_start};
pub use calls::{oidc_callback, oidc_start};
pub use config::{GrantRule, OidcConfig};

use crate::secrets::derive;
use ::http::StatusCode;
use felt_http::{Grant, Problem};
use felt_schema::clock::SharedClock;
use http::{Http, HttpError, causes};
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClientAuthMethod, CoreErrorResponseType,
    CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreProviderMetadata,
    CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AuthType, AuthorizationCode, ClaimsVerificationError, Client, ClientId, ClientSecret, CsrfToken,
    EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, IdToken, IdTokenFields, IssuerUrl, Nonce,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, SignatureVerificationError, StandardErrorResponse,
    StandardTokenResponse, TokenResponse,
};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long the provider's description and keys are believed.
const METADATA_AGE_MAX: Duration = Duration::from_secs(60 * 60);
/// For new keys: looked up at once. The token came from the provider itself, so nobody else can make us look.
const METADATA_ANEW: Duration = Duration::ZERO;
/// Most groups that are kept of somebody, and their longest name.
const GROUPS_MAX: usize = 200;
const GROUP_BYTES_MAX: usize = 200;

/// Signatures that are taken: none with a shared secret, and not none.
const SIGNATURES: [CoreJwsSigningAlgorithm; 8] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// Claims beyond the standard's, of which we look for the groups.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct OtherClaims {
    #[serde(flatten)]
    by_name: HashMap<String, serde_json::Value>,
}

impl AdditionalClaims for OtherClaims {}

type Fields = IdTokenFields<
    OtherClaims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type Token = IdToken<OtherClaims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
type ProviderClient = Client<
    OtherClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<Fields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Why somebody was not signed in.
#[derive(Debug, thiserror::Error)]
pub(super) enum OidcError {
    /// The provider does not answer, or not as a provider.
    #[error("the provider cannot be asked: {0}")]
    Provider(String),
    /// It did not take the code.
    #[error("the provider did not take the code it gave: {0}")]
    Code(String),
    /// It gave no ID token, or one that is not good.
    #[error("the provider's ID token is not good: {0}")]
    IdToken(String),
    /// It does not say who that is.
    #[error("the provider does not tell an e-mail address: ask it for the scope `email`")]
    NoEmail,
    /// It does not vouch for the address.
    #[error("the provider has not verified the e-mail address of this account")]
    NotVerified,
    /// Nothing is granted.
    #[error("this account may not use this Felt: no grant in its settings fits it")]
    NoGrant,
}

impl From<OidcError> for Problem {
    fn from(error: OidcError) -> Problem {
        let detail = error.to_string();
        match error {
            OidcError::Provider(_) => Problem::unavailable("oidc-provider", detail, Duration::from_secs(5)),
            OidcError::Code(_) | OidcError::IdToken(_) => {
                Problem::new(StatusCode::UNAUTHORIZED, "oidc-refused", "Not signed in").detail(detail)
            }
            OidcError::NoEmail | OidcError::NotVerified | OidcError::NoGrant => {
                Problem::new(StatusCode::FORBIDDEN, "oidc-no-grant", "Not allowed").detail(detail)
            }
        }
    }
}

/// Somebody for whom the provider vouches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Vouched {
    pub(super) person: String,
    pub(super) email: String,
    pub(super) groups: Vec<String>,
}

/// The provider.
pub(super) struct Provider {
    config: OidcConfig,
    redirect: String,
    clock: SharedClock,
    metadata: tokio::sync::Mutex<Option<(Arc<CoreProviderMetadata>, Instant)>>,
}

impl Provider {
    pub(super) fn new(config: OidcConfig, public_url: Option<&str>, clock: SharedClock) -> Self {
        let redirect = config.redirect(public_url).unwrap_or_default();
        Self { config, redirect, clock, metadata: tokio::sync::Mutex::new(None) }
    }

    /// What the button says.
    pub(super) fn label(&self) -> &str {
        &self.config.label
    }

    /// What somebody may do.
    pub(super) fn grant(&self, email: &str, groups: &[String]) -> Option<Grant> {
        self.config.grant(email, groups)
    }

    /// The provider's address that somebody is sent to, for a sign-in that begins with `secret`.
    pub(super) async fn begin(&self, secret: &str) -> Result<String, OidcError> {
        let client = self.client(self.metadata(METADATA_AGE_MAX).await?.as_ref())?;
        let verifier = PkceCodeVerifier::new(derive(secret, "verifier"));
        let (state, nonce) = (derive(secret, "state"), derive(secret, "nonce"));
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        // The crate asks for `openid` by itself.
        for scope in self.config.scopes.iter().filter(|scope| *scope != "openid") {
            request = request.add_scope(openidconnect::Scope::new(scope.clone()));
        }
        Ok(request.url().0.into())
    }

    /// Whether `state` is that of the sign-in that began with `secret`.
    pub(super) fn is_state(secret: &str, state: &str) -> bool {
        crate::secrets::alike(&derive(secret, "state"), state)
    }

    /// Changes a code into somebody.
    pub(super) async fn end(&self, secret: &str, code: String) -> Result<Vouched, OidcError> {
        let metadata = self.metadata(METADATA_AGE_MAX).await?;
        let client = self.client(&metadata)?;
        let http = self.http()?;
        let answer = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| OidcError::Provider(causes(&error)))?
            .set_pkce_verifier(PkceCodeVerifier::new(derive(secret, "verifier")))
            .request_async(&http)
            .await
            .map_err(|error| match error {
                openidconnect::RequestTokenError::Request(error) => OidcError::Provider(causes(&error)),
                // What the provider wrote besides may hold anything; its error code is enough.
                openidconnect::RequestTokenError::ServerResponse(answer) => OidcError::Code(answer.error().to_string()),
                openidconnect::RequestTokenError::Parse(error, _) => OidcError::IdToken(causes(&error)),
                openidconnect::RequestTokenError::Other(error) => OidcError::Code(error),
            })?;
        let token = answer.id_token().ok_or_else(|| OidcError::IdToken("there is none".into()))?;
        let nonce = Nonce::new(derive(secret, "nonce"));
        match self.claims(&client, token, &nonce) {
            // The keys may have been changed since we looked.
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey | SignatureVerificationError::CryptoError(_),
            )) => {
                let client = self.client(self.metadata(METADATA_ANEW).await?.as_ref())?;
                self.claims(&client, token, &nonce)
            }
            other => other,
        }
        .map_err(|error| OidcError::IdToken(causes(&error)))?
    }

    fn claims(
        &self,
        client: &ProviderClient,
        token: &Token,
        nonce: &Nonce,
    ) -> Result<Result<Vouched, OidcError>, ClaimsVerificationError> {
        let clock = self.clock.clone();
        let now = move || chrono::DateTime::from_timestamp_millis(clock.now_ms()).unwrap_or_default();
        let verifier = client.id_token_verifier().set_allowed_algs(SIGNATURES).set_time_fn(now);
        let claims = token.claims(&verifier, nonce)?;
        let Some(email) = claims.email() else { return Ok(Err(OidcError::NoEmail)) };
        if self.config.email_verified && claims.email_verified() != Some(true) {
            return Ok(Err(OidcError::NotVerified));
        }
        let groups = claims.additional_claims().by_name.get(&self.config.groups_claim);
        let groups = match groups {
            Some(serde_json::Value::String(one)) => vec![one.clone()],
            Some(list) => crate::tokens::texts(list),
            None => Vec::new(),
        };
        Ok(Ok(Vouched {
            person: format!("{} {}", claims.issuer().as_str(), claims.subject().as_str()),
            email: email.as_str().trim().to_lowercase(),
            groups: groups.into_iter().filter(|group| group.len() <= GROUP_BYTES_MAX).take(GROUPS_MAX).collect(),
        }))
    }

    fn http(&self) -> Result<Http, OidcError> {
        Http::new().map_err(|error| OidcError::Provider(error.to_string()))
    }

    /// The provider's description and keys, looked up again when they are older than `age_max`.
    async fn metadata(&self, age_max: Duration) -> Result<Arc<CoreProviderMetadata>, OidcError> {
        let mut known = self.metadata.lock().await;
        if let Some((metadata, since)) = known.as_ref()
            && since.elapsed() < age_max
        {
            return Ok(metadata.clone());
        }
        let provider = |error: String| OidcError::Provider(error);
        let issuer = IssuerUrl::new(self.config.issuer.clone()).map_err(|error| provider(error.to_string()))?;
        let http = self.http()?;
        let found = CoreProviderMetadata::discover_async(issuer, &http).await;
        let found = Arc::new(found.map_err(|error| provider(causes(&error)))?);
        *known = Some((found.clone(), Instant::now()));
        Ok(found)
    }

    fn client(&self, metadata: &CoreProviderMetadata) -> Result<ProviderClient, OidcError> {
        let secret = self.config.client_secret.reveal();
        let secret = (!secret.is_empty()).then(|| ClientSecret::new(secret.to_owned()));
        let redirect =
            RedirectUrl::new(self.redirect.clone()).map_err(|error| OidcError::Provider(error.to_string()))?;
        let client =
            Client::from_provider_metadata(metadata.clone(), ClientId::new(self.config.client_id.clone()), secret);
        let methods = metadata.token_endpoint_auth_methods_supported();
        let in_body = methods.is_some_and(|methods| !methods.contains(&CoreClientAuthMethod::ClientSecretBasic));
        let client = client.set_redirect_uri(redirect);
        Ok(if in_body { client.set_auth_type(AuthType::RequestBody) } else { client })
    }
}

impl From<HttpError> for OidcError {
    fn from(error: HttpError) -> Self {
        OidcError::Provider(error.to_string())
    }
}
