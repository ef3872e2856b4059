//! `felt person add|list|remove|password`: accounts of people who sign in to the dashboard with a password.
//!
//! A password comes from the terminal, asked twice and not shown, or as the first line of standard input; never from
//! the command line, which other users of the machine can read.

use std::io::{BufRead, IsTerminal};

use anyhow::{Context, Result, bail};
use felt_http::{Grant, Scope};
use felt_query::people::{self, Account, NewPerson, PASSWORD_BYTES_MAX};
use felt_schema::clock::SystemClock;

use crate::admin::{self, Admin};
use crate::cli::{Data, Person, PersonAdd, PersonNamed};
use crate::config::Config;

/// Does what was asked.
pub async fn run(command: Person, config: &Config) -> Result<()> {
    match command {
        Person::Add(args) => add(args, config).await,
        Person::List(args) => list(args, config).await,
        Person::Remove(args) => remove(args, config).await,
        Person::Password(args) => password(args, config).await,
    }
}

async fn add(args: PersonAdd, config: &Config) -> Result<()> {
    let email = people::email_of(&args.email)?;
    let grant = Grant { sites: args.sites, scopes: admin::scopes(&args.scopes)? };
    admin::check_sites(config, &grant.sites)?;
    let secret = ask_password(&email)?;
    people::check_password(&secret, &email)?;
    let entry = admin::entry("person.add").sites(&grant.sites).subject(&email);
    let opened = Admin::open(config, &args.at.data).await?;
    let new = NewPerson { email, name: args.name, grant };
    let added = opened.write(entry, people::add(&opened.store, &SystemClock, new, &secret)).await;
    let account = opened.close(added).await?;
    eprintln!("{} can sign in now.", account.email);
    Ok(())
}

async fn list(args: Data, config: &Config) -> Result<()> {
    let opened = Admin::open(config, &args.data).await?;
    let listed = people::list(&opened.store).await;
    let accounts = opened.close(listed.map_err(Into::into)).await?;
    let row = |account: &Account| {
        let scopes: Vec<&str> = account.grant.scopes.iter().map(|scope| Scope::name(*scope)).collect();
        let sites = account.grant.sites.join(",");
        vec![account.email.clone(), admin::time(account.created_at_ms), sites, scopes.join(","), account.name.clone()]
    };
    admin::print_table(&["E-MAIL", "SINCE", "SITES", "SCOPES", "NAME"], &accounts.iter().map(row).collect::<Vec<_>>());
    Ok(())
}

async fn remove(args: PersonNamed, config: &Config) -> Result<()> {
    let email = people::email_of(&args.email)?;
    let opened = Admin::open(config, &args.at.data).await?;
    let entry = admin::entry("person.remove").subject(&email);
    let removed = opened.write(entry, people::remove(&opened.store, &SystemClock, &email)).await;
    opened.close(removed).await?;
    eprintln!("{email} cannot sign in any more, and their sessions end within a few seconds.");
    Ok(())
}

async fn password(args: PersonNamed, config: &Config) -> Result<()> {
    let email = people::email_of(&args.email)?;
    let secret = ask_password(&email)?;
    people::check_password(&secret, &email)?;
    let opened = Admin::open(config, &args.at.data).await?;
    let entry = admin::entry("person.password").subject(&email);
    let changed = opened.write(entry, people::change_password(&opened.store, &SystemClock, &email, &secret)).await;
    opened.close(changed).await?;
    eprintln!("The password of {email} is changed, and their sessions end within a few seconds.");
    Ok(())
}

/// A new password for `email`.
fn ask_password(email: &str) -> Result<String> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        let first = rpassword::prompt_password(format!("New password for {email}: "))
            .context("the password cannot be read from the terminal")?;
        let again = rpassword::prompt_password("The same again: ").context("the password cannot be read")?;
        if first != again {
            bail!("the two are not the same; nothing was changed");
        }
        return Ok(first);
    }
    let mut line = String::new();
    // Bounded, because standard input may be anything.
    std::io::Read::take(stdin.lock(), PASSWORD_BYTES_MAX as u64 + 2)
        .read_line(&mut line)
        .context("the password cannot be read from standard input")?;
    let password = line.strip_suffix('\n').unwrap_or(&line);
    let password = password.strip_suffix('\r').unwrap_or(password);
    if password.is_empty() {
        bail!("give the password as the first line of standard input, or run this in a terminal to be asked");
    }
    Ok(password.to_owned())
}
