//! The command line: what each subcommand takes. What they do is in the module of the same name.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Real-user monitoring that measures customer happiness.
#[derive(Debug, Parser)]
#[command(name = "felt", version, about, propagate_version = true)]
pub struct Cli {
    /// The configuration file; `felt.toml` in the working directory is read when it exists.
    #[arg(long, global = true, env = "FELT_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands of `felt`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Every role in one process, on the embedded log and the embedded ClickHouse engine.
    Serve(Serve),
    /// `serve`, plus a small shop that carries the beacon and simulated visitors over the last 28 days.
    Demo(Demo),
    /// Takes beacons and makes them durable in Kafka.
    Ingest(Role),
    /// Turns the log into page views and rollups in ClickHouse.
    Processor(Role),
    /// Answers the API and serves the dashboard.
    Query(Role),
    /// The embedded ClickHouse engine alone, behind ClickHouse's HTTP interface.
    Engine(Engine),
    /// Brings the ClickHouse schema up to date; safe to repeat.
    Migrate(Migrate),
    /// Brings history in from NDJSON files.
    Import(Import),
    /// Synthetic visitors at a steady rate: accepted, refused, how long answers take.
    Load(Load),
    /// Checks configuration, Kafka, ClickHouse, clock and disk, and says how to mend what is wrong.
    Doctor(Doctor),
    /// Promises: check them before they are made.
    #[command(subcommand)]
    Slo(Slo),
    /// API tokens.
    #[command(subcommand)]
    Token(Token),
    /// People who sign in to the dashboard with a password.
    #[command(subcommand)]
    Person(Person),
}

/// Where one process with all roles keeps its data and listens.
#[derive(Debug, Args, Clone)]
pub struct Serve {
    /// The folder of the embedded log and engine.
    #[arg(long, env = "FELT_DATA", default_value = "./felt-data", value_name = "DIR")]
    pub data: PathBuf,
    /// The address of the beacon, the API and the dashboard.
    #[arg(long, env = "FELT_LISTEN", default_value = "127.0.0.1:8090", value_name = "ADDR")]
    pub listen: SocketAddr,
}

/// The demo's own choices.
#[derive(Debug, Args, Clone)]
pub struct Demo {
    /// The folder of the embedded log and engine.
    #[arg(long, env = "FELT_DATA", default_value = "./felt-data/demo", value_name = "DIR")]
    pub data: PathBuf,
    /// The address of the shop, the beacon, the API and the dashboard.
    #[arg(long, env = "FELT_LISTEN", default_value = "127.0.0.1:8090", value_name = "ADDR")]
    pub listen: SocketAddr,
    /// Days of simulated history; 0 for no simulated visitors at all.
    #[arg(long, default_value_t = 28, value_parser = clap::value_parser!(u32).range(0..=28))]
    pub days: u32,
    /// Simulated sessions on a busy day.
    #[arg(long, default_value_t = 3_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub sessions_per_day: u32,
    /// Do not go on simulating visitors once the history is in.
    #[arg(long)]
    pub no_live: bool,
}

/// One role on its own.
#[derive(Debug, Args, Clone)]
pub struct Role {
    /// The address to listen on; the configuration's by default.
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
}

/// The embedded engine on its own.
#[derive(Debug, Args, Clone)]
pub struct Engine {
    /// The folder of the engine's tables.
    #[arg(long, env = "FELT_DATA", default_value = "./felt-data/engine", value_name = "DIR")]
    pub data: PathBuf,
    /// A loopback address; ClickHouse's HTTP interface has no password here.
    #[arg(long, default_value = "127.0.0.1:8123", value_name = "ADDR")]
    pub listen: SocketAddr,
    /// Take the configuration from standard input and end when it is closed, so that no engine outlives its parent.
    #[arg(long, hide = true)]
    pub supervised: bool,
}

/// Schema changes.
#[derive(Debug, Args, Clone)]
pub struct Migrate {
    /// Print the SQL of every migration, and run none.
    #[arg(long)]
    pub dry_run: bool,
    /// Migrate the embedded engine in this data folder instead of the configured ClickHouse.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// History from files.
#[derive(Debug, Args, Clone)]
pub struct Import {
    /// The address of a running Felt, such as `http://127.0.0.1:8090`.
    #[arg(long, value_name = "URL")]
    pub to: String,
    /// The site the history belongs to.
    #[arg(long, value_name = "KEY")]
    pub site: String,
    /// A token with the scope `admin`; not needed on a loopback address.
    #[arg(long, env = "FELT_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// NDJSON files, plain or gzip; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// A load.
#[derive(Debug, Args, Clone)]
pub struct Load {
    /// The address of a running Felt, such as `http://127.0.0.1:8090`, or that of its beacon with a site.
    #[arg(long, value_name = "URL")]
    pub to: String,
    /// Beacons a second. They are sent at this rate whatever the answers take.
    #[arg(long, value_name = "N", value_parser = crate::load::rate)]
    pub rate: f64,
    /// For how long.
    #[arg(long = "for", default_value = "60s", value_name = "TIME", value_parser = crate::load::length)]
    pub duration: std::time::Duration,
    /// The site; the first that the other end tells by default.
    #[arg(long, value_name = "KEY")]
    pub site: Option<String>,
    /// The `Origin` to send, where the site allows some only.
    #[arg(long, value_name = "ORIGIN")]
    pub origin: Option<String>,
    /// Print one JSON object instead of lines of text.
    #[arg(long)]
    pub json: bool,
}

/// What the doctor looks at.
#[derive(Debug, Args, Clone)]
pub struct Doctor {
    /// The data folder of `felt serve`.
    #[arg(long, env = "FELT_DATA", default_value = "./felt-data", value_name = "DIR")]
    pub data: PathBuf,
    /// Where Felt listens, if it runs.
    #[arg(long, env = "FELT_LISTEN", default_value = "127.0.0.1:8090", value_name = "ADDR")]
    pub listen: SocketAddr,
    /// Print one JSON object instead of lines of text.
    #[arg(long)]
    pub json: bool,
}

/// What can be done with promises.
#[derive(Debug, Subcommand, Clone)]
pub enum Slo {
    /// Validates OpenSLO documents: every fault in every file, with line and field. Exit 0 when they can be taken, else 1.
    Check(SloCheck),
    /// How the promises of a running Felt stand. Exit 2 when any budget is spent, for release gates.
    Status(SloStatus),
}

/// Promises to ask for.
#[derive(Debug, Args, Clone)]
pub struct SloStatus {
    /// The address of a running Felt.
    #[arg(long, default_value = "http://127.0.0.1:8090", value_name = "URL")]
    pub to: String,
    /// One site only; every site that the token is good for without it.
    #[arg(long, value_name = "KEY")]
    pub site: Option<String>,
    /// A token with the scope `read:metrics`; not needed on a loopback address.
    #[arg(long, env = "FELT_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    pub json: bool,
}

/// Documents to check.
#[derive(Debug, Args, Clone)]
pub struct SloCheck {
    /// Print one JSON object instead of lines of text.
    #[arg(long)]
    pub json: bool,
    /// YAML or JSON files, read together so that documents may refer to each other; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// What can be done with tokens.
#[derive(Debug, Subcommand, Clone)]
pub enum Token {
    /// Makes an API token; it is shown once and stored hashed.
    Create(TokenCreate),
    /// Lists the tokens that work, without the tokens themselves.
    List(Data),
    /// Ends a token.
    Revoke(TokenRevoke),
}

/// Where tokens and people are kept.
#[derive(Debug, Args, Clone)]
pub struct Data {
    /// The data folder of `felt serve`; without it, the configured ClickHouse is used if there is one.
    #[arg(long, env = "FELT_DATA", default_value = "./felt-data", value_name = "DIR")]
    pub data: PathBuf,
}

/// A token to end.
#[derive(Debug, Args, Clone)]
pub struct TokenRevoke {
    /// The token's id, as `felt token list` shows it. One in sixty-four begins with a hyphen.
    #[arg(value_name = "ID", allow_hyphen_values = true)]
    pub id: String,
    /// Where it is kept.
    #[command(flatten)]
    pub at: Data,
}

/// What can be done with accounts.
#[derive(Debug, Subcommand, Clone)]
pub enum Person {
    /// Makes an account; the password is asked for, or read from standard input.
    Add(PersonAdd),
    /// Lists the accounts.
    List(Data),
    /// Ends an account and its sessions.
    Remove(PersonNamed),
    /// Gives an account another password, asked for or read from standard input, and ends its sessions.
    Password(PersonNamed),
}

/// An account to make.
#[derive(Debug, Args, Clone)]
pub struct PersonAdd {
    /// What the person will sign in with.
    #[arg(value_name = "EMAIL")]
    pub email: String,
    /// A site the person may see; repeat it for several, `*` for all.
    #[arg(long = "site", required = true, value_name = "KEY")]
    pub sites: Vec<String>,
    /// Scopes, separated by commas: read:metrics, read:sessions, write:slos, admin.
    #[arg(long = "scope", value_delimiter = ',', default_value = "read:metrics,read:sessions", value_name = "SCOPE")]
    pub scopes: Vec<String>,
    /// What the person is called.
    #[arg(long, default_value = "")]
    pub name: String,
    /// Where it will be kept.
    #[command(flatten)]
    pub at: Data,
}

/// An account.
#[derive(Debug, Args, Clone)]
pub struct PersonNamed {
    /// What the person signs in with.
    #[arg(value_name = "EMAIL")]
    pub email: String,
    /// Where it is kept.
    #[command(flatten)]
    pub at: Data,
}

/// A token to make.
#[derive(Debug, Args, Clone)]
pub struct TokenCreate {
    /// A site the token may read; repeat it for several, `*` for all.
    #[arg(long = "site", required = true, value_name = "KEY")]
    pub sites: Vec<String>,
    /// Scopes, separated by commas: read:metrics, read:sessions, write:slos, admin.
    #[arg(long = "scope", required = true, value_delimiter = ',', value_name = "SCOPE")]
    pub scopes: Vec<String>,
    /// What the token is for, shown in lists.
    #[arg(long, default_value = "")]
    pub name: String,
    /// Where it will be kept.
    #[command(flatten)]
    pub at: Data,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_whose_id_begins_with_a_hyphen_can_be_revoked() {
        for line in
            [["felt", "token", "revoke", "-_id", "--data", "d"], ["felt", "token", "revoke", "--data", "d", "--id"]]
        {
            let cli = Cli::try_parse_from(line).expect("an id is taken as it is");
            let Command::Token(Token::Revoke(revoke)) = cli.command else { panic!("{line:?} is a revocation") };
            assert!(["-_id", "--id"].contains(&revoke.id.as_str()));
            assert_eq!(revoke.at.data, std::path::Path::new("d"));
        }
    }
}
