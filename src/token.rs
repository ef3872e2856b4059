//! `felt token create`: makes a token in the store that the configuration or the data folder names, and shows it once.

use anyhow::{Context, Result, bail};
use felt_http::Scope;
use felt_query::tokens::NewToken;
use felt_schema::clock::SystemClock;
use felt_store::{Store, StoreConfig, engine};

use crate::cli::TokenCreate;
use crate::config::Config;
use crate::serve::spawn_engine;

/// Makes a token and prints it on standard output, alone, so that scripts can take it.
pub async fn create(args: TokenCreate, config: &Config) -> Result<()> {
    let scopes = args
        .scopes
        .iter()
        .map(|name| {
            Scope::from_name(name).with_context(|| {
                let known = Scope::ALL.map(Scope::name).join(", ");
                format!("`{name}` is not a scope; the scopes are {known}")
            })
        })
        .collect::<Result<Vec<_>>>()?;
    for site in args.sites.iter().filter(|s| *s != "*") {
        if config.sites.get(site).is_none() {
            bail!("the site `{site}` is not configured; add it to felt.toml first, or use `*` for all sites");
        }
    }
    // A Felt that runs over this folder shares its engine; else one is started for the moment.
    let mut own_engine = None;
    let store = match (&config.clickhouse, engine::find(&args.data.join("engine"))) {
        (Some(clickhouse), _) => Store::connect(clickhouse.clone()),
        (None, Some(running)) => Store::connect(StoreConfig { url: running.url, ..StoreConfig::default() }),
        (None, None) => {
            std::fs::create_dir_all(&args.data).with_context(|| format!("{} cannot be made", args.data.display()))?;
            let (url, handle) = spawn_engine(config, &args.data).await?;
            own_engine = Some(handle);
            Store::connect(StoreConfig { url, ..StoreConfig::default() })
        }
    };
    store.migrate().await?;
    let new = NewToken { name: args.name, sites: args.sites, scopes };
    let created = felt_query::tokens::create(&store, &SystemClock, new).await;
    if let Some(handle) = own_engine {
        handle.shutdown().await;
    }
    println!("{}", created.context("the token could not be kept")?.token);
    eprintln!("This is shown once: keep it where secrets are kept. Send it as `Authorization: Bearer TOKEN`.");
    Ok(())
}
