//! Settings of the sign-in at an OpenID provider, and who may do what that comes from there.

use crate::secrets::Secret;
use felt_http::{Grant, Scope};
use serde::{Deserialize, Serialize};

/// The section `[query.oidc]` of `felt.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OidcConfig {
    /// The provider's address, exactly as it writes it itself; https, or http on this machine for tests.
    pub issuer: String,
    /// What the provider knows us by.
    pub client_id: String,
    /// What we prove it with; better given as `FELT_QUERY_OIDC_CLIENT_SECRET`.
    pub client_secret: Secret,
    /// Where the provider sends people back to; below `[query] public_url` where nothing is said.
    pub redirect_url: Option<String>,
    /// What the button says.
    pub label: String,
    /// What is asked of the provider.
    pub scopes: Vec<String>,
    /// The claim that lists the groups of a person.
    pub groups_claim: String,
    /// Take only addresses of which the provider says that it has verified them.
    pub email_verified: bool,
    /// Who may do what: the first that fits somebody counts; whom none fits is not let in.
    pub grants: Vec<GrantRule>,
}

/// Who may do what. All that is named has to fit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GrantRule {
    /// The part of the e-mail address after the @.
    pub domain: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// A group that the provider tells.
    pub group: Option<String>,
    /// Keys of sites; `*` is all.
    pub sites: Vec<String>,
    /// What is allowed there.
    pub scopes: Vec<String>,
}

impl Default for OidcConfig {
    fn default() -> Self {
        Self {
            issuer: String::new(),
            client_id: String::new(),
            client_secret: Secret::default(),
            redirect_url: None,
            label: "Single sign-on".into(),
            scopes: vec!["openid".into(), "email".into(), "profile".into()],
            groups_claim: "groups".into(),
            email_verified: true,
            grants: Vec::new(),
        }
    }
}

/// Where providers send people back to, below our own address.
pub(super) const CALLBACK: &str = "/api/v1/session/oidc/callback";

impl OidcConfig {
    /// What is wrong with it: key below `query.oidc`, and how to mend it.
    pub fn faults(&self, public_url: Option<&str>) -> Vec<(String, String)> {
        let mut faults = Vec::new();
        let mut fault = |key: &str, text: &str| faults.push((key.to_owned(), text.to_owned()));
        if !is_safe(&self.issuer) {
            fault("issuer", "this must be the provider's https address (http only on this machine)");
        }
        if self.client_id.is_empty() {
            fault("client_id", "this is missing: the provider gives it to each application");
        }
        match self.redirect(public_url) {
            None => fault("redirect_url", "set this, or `public_url` in [query]: people must find back here"),
            Some(url) if !is_safe(&url) => fault("redirect_url", "this must be an https address"),
            Some(url) if !url.ends_with(CALLBACK) => {
                fault("redirect_url", &format!("this must end in {CALLBACK}, which is what answers there"));
            }
            Some(_) => {}
        }
        if !self.scopes.iter().any(|scope| scope == "openid") {
            fault("scopes", "`openid` must be among them");
        }
        if self.grants.is_empty() {
            fault("grants", "without any, nobody may do anything: add [[query.oidc.grants]] with sites and scopes");
        }
        for (index, rule) in self.grants.iter().enumerate() {
            let mut fault = |key: &str, text: String| faults.push((format!("grants[{index}].{key}"), text));
            if rule.domain.is_none() && rule.email.is_none() && rule.group.is_none() {
                fault("domain", "say whom this is for: `domain`, `email` or `group`".into());
            }
            if rule.sites.is_empty() {
                fault("sites", "name at least one site, or `*` for all".into());
            }
            if rule.scopes.is_empty() {
                fault("scopes", "name at least one scope".into());
            }
            for scope in rule.scopes.iter().filter(|scope| Scope::from_name(scope).is_none()) {
                let known = Scope::ALL.map(Scope::name).join(", ");
                fault("scopes", format!("there is no scope `{scope}`; there are {known}"));
            }
        }
        faults
    }

    /// Where the provider sends people back to.
    pub(super) fn redirect(&self, public_url: Option<&str>) -> Option<String> {
        let below = public_url.map(|url| format!("{}{CALLBACK}", url.trim_end_matches('/')));
        self.redirect_url.clone().or(below)
    }

    /// What somebody of that address and those groups may do, by the first rule that fits; `None` is nothing.
    pub(super) fn grant(&self, email: &str, groups: &[String]) -> Option<Grant> {
        let rule = self.grants.iter().find(|rule| rule.fits(email, groups))?;
        let scopes = rule.scopes.iter().filter_map(|name| Scope::from_name(name)).collect();
        Some(Grant { sites: rule.sites.clone(), scopes })
    }
}

impl GrantRule {
    fn fits(&self, email: &str, groups: &[String]) -> bool {
        let domain = email.rsplit_once('@').map_or("", |(_, domain)| domain);
        self.domain.as_deref().is_none_or(|wanted| domain.eq_ignore_ascii_case(wanted))
            && self.email.as_deref().is_none_or(|wanted| email.eq_ignore_ascii_case(wanted))
            && self.group.as_deref().is_none_or(|wanted| groups.iter().any(|group| group == wanted))
            && (self.domain.is_some() || self.email.is_some() || self.group.is_some())
    }
}

/// Whether an address is encrypted, or of this machine.
pub(super) fn is_safe(url: &str) -> bool {
    let Ok(url) = openidconnect::url::Url::parse(url) else { return false };
    match (url.scheme(), url.host()) {
        ("https", Some(_)) => true,
        ("http", Some(openidconnect::url::Host::Domain(name))) => name == "localhost",
        ("http", Some(openidconnect::url::Host::Ipv4(address))) => address.is_loopback(),
        ("http", Some(openidconnect::url::Host::Ipv6(address))) => address.is_loopback(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> OidcConfig {
        let rule = |domain: Option<&str>, group: Option<&str>, site: &str, scope: &str| GrantRule {
            domain: domain.map(str::to_owned),
            group: group.map(str::to_owned),
            sites: vec![site.into()],
            scopes: vec![scope.into()],
            ..GrantRule::default()
        };
        OidcConfig {
            issuer: "https://id.example".into(),
            client_id: "felt".into(),
            grants: vec![
                rule(Some("shop.example"), Some("owners"), "*", "admin"),
                rule(Some("shop.example"), None, "shop", "read:metrics"),
            ],
            ..OidcConfig::default()
        }
    }

    #[test]
    fn the_first_rule_that_fits_counts() {
        let (config, owners) = (config(), vec!["owners".to_owned()]);
        assert_eq!(config.grant("ada@shop.example", &owners), Some(Grant::everything()));
        let plain = config.grant("bob@SHOP.example", &[]).unwrap();
        assert!(plain.allows("shop", Scope::ReadMetrics) && !plain.allows("blog", Scope::ReadMetrics));
        assert_eq!(config.grant("eve@evil.example", &owners), None);
        assert_eq!(config.grant("eve@shop.example.evil.example", &owners), None);
        assert_eq!(config.grant("eve@evil.example@shop.example.", &[]), None);
        assert!(!GrantRule::default().fits("ada@shop.example", &owners), "a rule for nobody is for nobody");
    }

    #[test]
    fn every_fault_of_the_settings_is_named() {
        assert_eq!(config().faults(Some("https://felt.example")), []);
        let keys = |config: OidcConfig, url: Option<&str>| -> Vec<String> {
            config.faults(url).into_iter().map(|(key, _)| key).collect()
        };
        assert_eq!(keys(config(), None), ["redirect_url"]);
        let wrong = OidcConfig {
            issuer: "http://id.example".into(),
            redirect_url: Some("https://felt.example/elsewhere".into()),
            scopes: vec!["email".into()],
            grants: vec![GrantRule { scopes: vec!["root".into()], ..GrantRule::default() }],
            ..OidcConfig::default()
        };
        let found = keys(wrong, None);
        for key in
            ["issuer", "client_id", "redirect_url", "scopes", "grants[0].domain", "grants[0].sites", "grants[0].scopes"]
        {
            assert!(found.iter().any(|fault| fault == key), "{key} is missing from {found:?}");
        }
        for (url, safe) in [
            ("https://id.example", true),
            ("http://127.0.0.1:4000", true),
            ("http://[::1]/", true),
            ("http://localhost:1/x", true),
            ("http://id.example", false),
            ("http://localhost.evil.example", false),
            ("ftp://id.example", false),
            ("", false),
        ] {
            assert_eq!(is_safe(url), safe, "{url}");
        }
    }
}
