//! `felt token create|list|revoke`: tokens in the store that the configuration or the data folder names.

use anyhow::{Context, Result};
use felt_http::Scope;
use felt_query::tokens::{self, Draft, NewToken};
use felt_schema::clock::SystemClock;

use crate::admin::{self, Admin};
use crate::cli::{Data, Token, TokenCreate, TokenRevoke};
use crate::config::Config;

/// Does what was asked.
pub async fn run(command: Token, config: &Config) -> Result<()> {
    match command {
        Token::Create(args) => create(args, config).await,
        Token::List(args) => list(args, config).await,
        Token::Revoke(args) => revoke(args, config).await,
    }
}

/// Makes a token and prints it on standard output, alone, so that scripts can take it.
async fn create(args: TokenCreate, config: &Config) -> Result<()> {
    let scopes = admin::scopes(&args.scopes)?;
    admin::check_sites(config, &args.sites)?;
    let draft = Draft::of(NewToken { name: args.name, sites: args.sites.clone(), scopes })?;
    let entry = admin::entry("token.create").sites(&args.sites).subject(draft.id());
    let opened = Admin::open(config, &args.at.data).await?;
    let created = opened.write(entry, draft.keep(&opened.store, &SystemClock)).await;
    let created = opened.close(created).await.context("the token could not be kept")?;
    println!("{}", created.token);
    eprintln!("This is shown once: keep it where secrets are kept. Send it as `Authorization: Bearer TOKEN`.");
    eprintln!("Its id is {}; `felt token revoke {}` ends it.", created.id, created.id);
    Ok(())
}

/// Prints what tokens there are, never the tokens.
async fn list(args: Data, config: &Config) -> Result<()> {
    let opened = Admin::open(config, &args.data).await?;
    let listed = tokens::list(&opened.store).await;
    let tokens = opened.close(listed.map_err(Into::into)).await?;
    let row = |token: &tokens::Token| {
        let scopes: Vec<&str> = token.grant.scopes.iter().map(|scope| Scope::name(*scope)).collect();
        let sites = token.grant.sites.join(",");
        vec![token.id.clone(), admin::time(token.created_at_ms), sites, scopes.join(","), token.name.clone()]
    };
    admin::print_table(&["ID", "MADE", "SITES", "SCOPES", "NAME"], &tokens.iter().map(row).collect::<Vec<_>>());
    Ok(())
}

/// Ends a token.
async fn revoke(args: TokenRevoke, config: &Config) -> Result<()> {
    let opened = Admin::open(config, &args.at.data).await?;
    let entry = admin::entry("token.revoke").subject(&args.id);
    let revoked = opened.write(entry, tokens::revoke(&opened.store, &SystemClock, &args.id)).await;
    opened.close(revoked).await?;
    eprintln!("The token {} is revoked; a running Felt refuses it within a few seconds.", args.id);
    Ok(())
}
