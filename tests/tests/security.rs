//! People, sign-in, tokens and secrets as an operator meets them: the real binary, its command line, and a browser's requests.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use felt_tests::api::Api;
use felt_tests::oidc::Providers;
use felt_tests::process::{Felt, felt_binary, run_felt};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse battery staple";

/// Runs `felt ARGS` with `input` on its standard input: exit code, output, errors.
fn felt_with_input(args: &[&str], input: &str, dir: &Path) -> Result<(i32, String, String)> {
    let mut child = Command::new(felt_binary())
        .args(args)
        .current_dir(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    child.stdin.take().context("no standard input")?.write_all(input.as_bytes())?;
    let output = child.wait_with_output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok((output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr)))
}

/// Starts `felt ARGS` with these variables in its environment, and waits until it is ready.
async fn start(args: &[&str], dir: &Path, environment: &[(&str, &str)]) -> Result<Felt> {
    let environment: Vec<(String, String)> =
        environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let felt = Felt::start_unready_with(args, dir, &environment)?;
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(120);
    while Api::new(&felt.url, "shop").get("/readyz").await.map_or(0, |(status, _)| status) != 200 {
        if std::time::Instant::now() > deadline {
            bail!("felt is not ready: {}", felt.printed());
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    Ok(felt)
}

/// A browser as far as it matters: cookies by host, no redirect followed by itself.
struct Browser {
    http: reqwest::Client,
    cookies: BTreeMap<String, BTreeMap<String, String>>,
}

struct Page {
    status: u16,
    location: Option<String>,
    body: String,
    headers: reqwest::header::HeaderMap,
}

impl Page {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }
}

impl Browser {
    fn new() -> Result<Self> {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { http, cookies: BTreeMap::new() })
    }

    async fn send(&mut self, method: &str, url: &str, body: Option<Value>) -> Result<Page> {
        let address = reqwest::Url::parse(url)?;
        let host = format!("{}:{}", address.host_str().unwrap_or_default(), address.port().unwrap_or(80));
        let mut request = self.http.request(method.parse()?, address.clone()).header("x-felt-csrf", "1");
        if let Some(cookies) = self.cookies.get(&host).filter(|cookies| !cookies.is_empty()) {
            let line: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("cookie", line.join("; "));
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await?;
        let jar = self.cookies.entry(host).or_default();
        for set in answer.headers().get_all("set-cookie") {
            let set = set.to_str()?;
            let (name, value) = set.split(';').next().and_then(|pair| pair.split_once('=')).context("a cookie")?;
            if value.is_empty() || set.contains("Max-Age=0") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
        let location = answer.headers().get("location").and_then(|value| value.to_str().ok());
        let location = location.and_then(|place| address.join(place).ok()).map(String::from);
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Ok(Page { status, location, body: answer.text().await?, headers })
    }

    async fn get(&mut self, url: &str) -> Result<Page> {
        self.send("GET", url, None).await
    }

    /// Follows redirects until there are none, or `until` is reached.
    async fn follow(&mut self, url: &str, until: &str) -> Result<Page> {
        let mut url = url.to_owned();
        for _ in 0..12 {
            let page = self.get(&url).await?;
            match page.location.clone() {
                Some(next) if !next.contains(until) => url = next,
                _ => return Ok(page),
            }
        }
        bail!("too many redirects, the last to {url}")
    }
}

#[tokio::test]
async fn people_and_tokens_are_made_at_the_terminal_and_no_secret_is_ever_logged() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let data = ["--data", "data"];
    let (code, _, printed) = run_felt(&["serve", "--data", "data", "--listen", "0.0.0.0:0"], dir.path())?;
    assert_ne!(code, 0);
    assert!(printed.contains("felt token create") && printed.contains("felt person add"), "{printed}");

    let add = ["person", "add", "Ada@shop.example", "--site", "*", "--scope", "admin"];
    let add: Vec<&str> = add.iter().chain(&data).copied().collect();
    let (code, _, printed) = felt_with_input(&add, "short\n", dir.path())?;
    assert!(code != 0 && printed.contains("at least 12 characters"), "{printed}");
    let (code, _, printed) = felt_with_input(&add, "", dir.path())?;
    assert!(code != 0 && printed.contains("standard input"), "{printed}");
    let (code, _, printed) = felt_with_input(&add, &format!("{PASSWORD}\n"), dir.path())?;
    assert_eq!(code, 0, "{printed}");
    let (code, _, printed) = felt_with_input(&add, &format!("{PASSWORD}\n"), dir.path())?;
    assert!(code != 0 && printed.contains("already"), "{printed}");
    let (_, listed, _) = run_felt(&["person", "list", "--data", "data"], dir.path())?;
    assert!(listed.contains("ada@shop.example") && !listed.contains("argon2"), "{listed}");

    // An account is enough to serve an open address.
    let serve = ["serve", "--data", "data", "--listen", "0.0.0.0:0"];
    let felt = start(&serve, dir.path(), &[("RUST_LOG", "trace")]).await?;
    let url = felt.url.clone();
    let create = ["token", "create", "--site", "shop", "--scope", "read:metrics", "--name", "ci", "--data", "data"];
    let (code, token, printed) = run_felt(&create, dir.path())?;
    assert_eq!(code, 0, "{printed}");
    let token = token.trim().to_owned();
    let api = Api::new(&url, "shop").with_token(&token);
    assert_eq!(api.get("/api/v1/sites/shop/summary?range=1h").await?.0, 200);
    assert_eq!(api.get("/api/v1/sites/other/summary?range=1h").await?.0, 403);

    let mut browser = Browser::new()?;
    assert_eq!(browser.get(&format!("{url}/api/v1/sites")).await?.status, 401);
    let session = format!("{url}/api/v1/session");
    let wrong = "a wrong password that was typed";
    let body = json!({"email": "ada@shop.example", "password": wrong});
    assert_eq!(browser.send("POST", &session, Some(body)).await?.status, 401);
    let body = json!({"email": "ada@shop.example", "password": PASSWORD});
    let signed_in = browser.send("POST", &session, Some(body)).await?;
    assert_eq!(signed_in.status, 200, "{}", signed_in.body);
    let cookie = browser.cookies.values().flat_map(BTreeMap::values).next().cloned().context("a cookie")?;
    assert!(cookie.starts_with("felts_"));
    assert_eq!(browser.get(&format!("{url}/api/v1/sites/shop/summary?range=1h")).await?.status, 200);
    let new = json!({"name": "by ada", "sites": ["*"], "scopes": ["admin"]});
    let made = browser.send("POST", &format!("{url}/api/v1/tokens"), Some(new)).await?.json();
    let made = made["data"]["token"].as_str().context("a token")?.to_owned();
    // Imports are taken by ingest, which knows tokens and no cookies, and are recorded too.
    let imports = Api::new(&url, "shop").with_token(&made);
    assert!(imports.import("{}\n").await.unwrap_err().to_string().contains("400"), "allowed, and then found empty");
    let import = browser.send("POST", &format!("{url}/api/v1/sites/shop/import"), Some(json!({}))).await?;
    assert_eq!(import.status, 401, "a cookie is no credential there");

    let (_, listed, _) = run_felt(&["token", "list", "--data", "data"], dir.path())?;
    let line = listed.lines().find(|line| line.ends_with("ci")).context("the token is listed")?;
    assert!(!listed.contains(&token), "{listed}");
    let id = line.split_whitespace().next().context("an id")?;
    let (code, _, printed) = run_felt(&["token", "revoke", id, "--data", "data"], dir.path())?;
    assert_eq!(code, 0, "{printed}");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while api.get("/api/v1/sites/shop/summary?range=1h").await?.0 != 401 {
        assert!(std::time::Instant::now() < deadline, "a revoked token still works");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let (code, _, printed) = run_felt(&["token", "revoke", "nothing", "--data", "data"], dir.path())?;
    assert!(code != 0 && printed.contains("felt token list"), "{printed}");

    let record = browser.get(&format!("{url}/api/v1/audit?limit=1000")).await?.json();
    let rows = record["data"].as_array().context("rows")?;
    let actions: Vec<(&str, &str, &str)> = rows
        .iter()
        .map(|row| {
            let text = |name: &str| row[name].as_str().unwrap_or_default();
            (text("action"), text("outcome"), text("actor_kind"))
        })
        .collect();
    for expected in [
        ("person.add", "accepted", "command_line"),
        ("token.create", "accepted", "command_line"),
        ("token.revoke", "accepted", "command_line"),
        ("session.begin", "refused", "anyone"),
        ("session.begin", "accepted", "person"),
        ("token.create", "accepted", "person"),
        ("import", "accepted", "token"),
    ] {
        assert!(actions.contains(&expected), "{expected:?} is missing from {actions:?}");
    }
    assert_eq!(browser.send("DELETE", &session, None).await?.status, 204);
    assert_eq!(browser.get(&format!("{url}/api/v1/sites")).await?.status, 401);

    // Everything that was secret, in the log at its most talkative, and in what was recorded.
    let printed = felt.printed();
    assert!(printed.contains("TRACE") || printed.contains("DEBUG"), "the log talks");
    for (what, secret) in
        [("password", PASSWORD), ("wrong password", wrong), ("token", &token), ("token", &made), ("session", &cookie)]
    {
        assert!(!printed.contains(secret), "the {what} is in the log");
        assert!(!record.to_string().contains(secret), "the {what} is in the record");
    }
    assert!(!printed.contains("$argon2id"), "a hash is in the log");
    Ok(())
}

/// A port that is free a moment before it is taken: the provider must know it before Felt runs.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

async fn felt_with_oidc(dir: &Path, port: u16, issuer: &str, providers: &Providers) -> Result<Felt> {
    let config = format!(
        "[[sites]]\nkey = \"shop\"\norigins = [\"*\"]\n[[sites]]\nkey = \"blog\"\norigins = [\"*\"]\n\
         [query]\npublic_url = \"http://127.0.0.1:{port}\"\n\
         [query.oidc]\nissuer = \"{issuer}\"\nclient_id = \"{}\"\nlabel = \"Acme ID\"\n\
         [[query.oidc.grants]]\ndomain = \"shop.example\"\nsites = [\"shop\"]\nscopes = [\"read:metrics\"]\n",
        providers.client_id
    );
    std::fs::write(dir.join("felt.toml"), config)?;
    let listen = format!("127.0.0.1:{port}");
    let secret = ("FELT_QUERY_OIDC_CLIENT_SECRET", providers.client_secret.as_str());
    start(&["serve", "--data", "data", "--listen", &listen], dir, &[secret, ("RUST_LOG", "debug")]).await
}

async fn control(provider: &str, body: Value) -> Result<()> {
    let answer = reqwest::Client::new().post(format!("{provider}/control")).json(&body).send().await?;
    assert_eq!(answer.status().as_u16(), 204);
    Ok(())
}

#[tokio::test]
async fn a_team_signs_in_at_its_openid_provider() -> Result<()> {
    let (dir, providers, port) = (tempfile::tempdir()?, Providers::start()?, free_port()?);
    let callback = format!("http://127.0.0.1:{port}/api/v1/session/oidc/callback");
    control(&providers.genuine, json!({"redirect": callback})).await?;
    let felt = felt_with_oidc(dir.path(), port, &providers.genuine, &providers).await?;
    let url = &felt.url;
    let mut browser = Browser::new()?;
    let session = format!("{url}/api/v1/session");
    // Even on a loopback address: whoever configures a provider wants people to sign in.
    let asked = browser.get(&session).await?;
    assert_eq!((asked.status, &asked.json()["sign_in"]["oidc"]), (401, &json!("Acme ID")));

    let start = format!("{session}/oidc?return_to=/sites/shop/pages%3Frange%3D7d");
    let landed = browser.follow(&start, "/sites/shop/pages").await?;
    assert_eq!(
        landed.location.as_deref(),
        Some(format!("{url}/sites/shop/pages?range=7d").as_str()),
        "{}",
        landed.body
    );
    let who = browser.get(&session).await?.json();
    assert_eq!((&who["data"]["name"], &who["data"]["via"]), (&json!("ada@shop.example"), &json!("oidc")));
    assert_eq!(browser.get(&format!("{url}/api/v1/sites/shop/summary?range=1h")).await?.status, 200);
    assert_eq!(browser.get(&format!("{url}/api/v1/sites/blog/summary?range=1h")).await?.status, 403);

    // The provider changes its keys: the next one who comes is let in all the same.
    control(&providers.genuine, json!({})).await?;
    let mut other = Browser::new()?;
    let landed = other.follow(&format!("{session}/oidc"), "127.0.0.1:1/").await?;
    assert_eq!(landed.status, 200, "{}", landed.body);
    assert_eq!(other.get(&session).await?.status, 200);

    // An answer that was meant for another browser, and one that is sent twice.
    let (mut victim, mut attacker) = (Browser::new()?, Browser::new()?);
    let to_provider = attacker.get(&format!("{session}/oidc")).await?.location.context("to the provider")?;
    let back = attacker.follow(&to_provider, "/oidc/callback").await?.location.context("back")?;
    let refused = victim.get(&back).await?;
    assert_eq!((refused.status, &refused.json()["type"]), (400, &json!("urn:felt:problem:oidc-not-begun")));
    victim.get(&format!("{session}/oidc")).await?;
    let refused = victim.get(&back).await?;
    assert_eq!((refused.status, &refused.json()["type"]), (400, &json!("urn:felt:problem:oidc-wrong-state")));
    assert_eq!(attacker.get(&back).await?.status, 303);
    assert_eq!(attacker.get(&back).await?.status, 400, "good for one try");
    let elsewhere = browser.get(&format!("{session}/oidc?return_to=//evil.example")).await?;
    let jar = browser.cookies.values().flat_map(BTreeMap::values).any(|value| value.ends_with('.'));
    assert!(elsewhere.status == 303 && jar, "another place is forgotten");

    let printed = felt.printed();
    assert!(!printed.contains(&providers.client_secret), "the client's secret is in the log");
    for value in browser.cookies.values().flat_map(BTreeMap::values).filter(|value| value.starts_with("felts_")) {
        assert!(!printed.contains(value.as_str()), "a session is in the log");
    }
    Ok(())
}

#[tokio::test]
async fn whatever_is_wrong_with_an_id_token_nobody_is_signed_in() -> Result<()> {
    let (dir, providers, port) = (tempfile::tempdir()?, Providers::start()?, free_port()?);
    let felt = felt_with_oidc(dir.path(), port, &providers.forging, &providers).await?;
    let session = format!("{}/api/v1/session", felt.url);
    for (mode, status, kind) in [
        ("good", 200, ""),
        ("wrong_nonce", 401, "oidc-refused"),
        ("no_nonce", 401, "oidc-refused"),
        ("wrong_audience", 401, "oidc-refused"),
        ("two_audiences", 401, "oidc-refused"),
        ("wrong_issuer", 401, "oidc-refused"),
        ("expired", 401, "oidc-refused"),
        ("alg_none", 401, "oidc-refused"),
        ("hs256", 401, "oidc-refused"),
        ("other_key", 401, "oidc-refused"),
        ("tampered", 401, "oidc-refused"),
        ("no_token", 401, "oidc-refused"),
        ("unverified", 403, "oidc-no-grant"),
        ("no_email", 403, "oidc-no-grant"),
        ("stranger", 403, "oidc-no-grant"),
        ("rotated", 200, ""),
    ] {
        control(&providers.forging, json!({"mode": mode})).await?;
        let mut browser = Browser::new()?;
        let landed = browser.follow(&format!("{session}/oidc"), "127.0.0.1:1/").await?;
        assert_eq!(landed.status, status, "{mode}: {}", landed.body);
        if status == 200 {
            assert_eq!(browser.get(&session).await?.status, 200, "{mode}");
        } else {
            assert_eq!(landed.json()["type"], format!("urn:felt:problem:{kind}"), "{mode}");
            assert!(
                landed
                    .headers
                    .get_all("set-cookie")
                    .iter()
                    .all(|set| !set.to_str().unwrap_or("felts_").contains("felts_"))
            );
            assert_eq!(browser.get(&session).await?.status, 401, "{mode} let somebody in");
        }
    }
    // A person is told by the dashboard, not by JSON.
    control(&providers.forging, json!({"mode": "stranger"})).await?;
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let told =
        browser.get(format!("{session}/oidc/callback?code=x&state=y")).header("accept", "text/html").send().await?;
    assert_eq!((told.status().as_u16(), told.headers()["location"].to_str()?), (303, "/?sign_in=oidc-not-begun"));
    Ok(())
}

#[tokio::test]
async fn an_openid_provider_that_is_away_or_no_provider_is_named() -> Result<()> {
    let (dir, providers, port) = (tempfile::tempdir()?, Providers::start()?, free_port()?);
    // Felt itself is not a provider; nothing listens on the discard port.
    let felt = felt_with_oidc(dir.path(), port, "http://127.0.0.1:9", &providers).await?;
    let mut browser = Browser::new()?;
    let refused = browser.get(&format!("{}/api/v1/session/oidc", felt.url)).await?;
    assert_eq!((refused.status, &refused.json()["type"]), (503, &json!("urn:felt:problem:oidc-provider")));
    assert!(refused.headers.contains_key("retry-after"));
    let (code, _, printed) = {
        std::fs::write(dir.path().join("wrong.toml"), "[query.oidc]\nissuer = \"http://id.example\"\n")?;
        run_felt(&["serve", "--config", "wrong.toml", "--data", "other", "--listen", "127.0.0.1:0"], dir.path())?
    };
    assert_eq!(code, 64, "{printed}");
    for key in ["query.oidc.issuer", "query.oidc.client_id", "query.oidc.redirect_url", "query.oidc.grants"] {
        assert!(printed.contains(key), "{key} is missing from {printed}");
    }
    Ok(())
}
