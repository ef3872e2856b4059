//! Accounts: an address to sign in with, a password's hash, and what the person may do where.

use super::password::{self, PasswordFault};
use crate::known::LOOK_MAX;
use crate::planner::scope::{ServiceTable, Statement};
use crate::secrets::random_text;
use crate::tokens::{scope_names, scopes_of, texts};
use felt_http::{Grant, Scope};
use felt_schema::clock::Clock;
use felt_schema::rows::PersonRow;
use felt_store::{QueryLimits, Store, StoreError};

/// Most accounts; a service with more people signs them in by OpenID Connect.
const PEOPLE_MAX: usize = 10_000;
/// Most bytes of an e-mail address, by RFC 5321.
const EMAIL_BYTES_MAX: usize = 254;
/// Most characters of a name.
const NAME_CHARS_MAX: usize = 200;

/// Somebody who can sign in with a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// The account's id.
    pub id: String,
    /// What the person signs in with, in lower case.
    pub email: String,
    /// What the person is called.
    pub name: String,
    /// What the person may do where.
    pub grant: Grant,
    /// When the account was made, in ms.
    pub created_at_ms: i64,
    pub(super) sessions_from_ms: i64,
    pub(super) password: String,
    updated_at_ms: i64,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("id", &self.id).field("grant", &self.grant).finish_non_exhaustive()
    }
}

/// An account to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPerson {
    /// What the person will sign in with.
    pub email: String,
    /// What the person is called; may be empty.
    pub name: String,
    /// What the person may do where.
    pub grant: Grant,
}

/// Why something could not be done to an account.
#[derive(Debug, thiserror::Error)]
pub enum PersonError {
    /// The address is none.
    #[error("`{0}` is not an e-mail address: it needs one @ with something on both sides, and no spaces")]
    Email(String),
    /// The name is too long.
    #[error("a name has at most {NAME_CHARS_MAX} characters")]
    Name,
    /// The account would be good for nothing.
    #[error("a person needs at least one site and one scope")]
    Empty,
    /// There is such an account.
    #[error("there is an account with this e-mail address already; `felt person list` shows them")]
    Taken,
    /// There is no such account.
    #[error("there is no account with this e-mail address; `felt person list` shows them")]
    Unknown,
    /// The password cannot be taken.
    #[error(transparent)]
    Password(#[from] PasswordFault),
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An address as it is kept and compared.
///
/// # Errors
/// When it is none.
pub fn email_of(text: &str) -> Result<String, PersonError> {
    let email = text.trim().to_lowercase();
    let parts = email.split_once('@');
    let good = email.len() <= EMAIL_BYTES_MAX
        && parts.is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'))
        && !email.chars().any(|c| c.is_whitespace() || c.is_control() || c == '"' || c == '<' || c == '>');
    if good { Ok(email) } else { Err(PersonError::Email(text.chars().take(80).collect())) }
}

/// Makes an account. The password is hashed here, which takes a tenth of a second or so and blocks meanwhile: within
/// a service, ask the bounded pool instead.
///
/// # Errors
/// When something of it cannot be taken, there is such an account, or the store does not take it.
pub async fn add(store: &Store, clock: &dyn Clock, new: NewPerson, password: &str) -> Result<Account, PersonError> {
    let email = email_of(&new.email)?;
    password::check(password, &email)?;
    add_hashed(store, clock, NewPerson { email, ..new }, password::hash(password)?).await
}

/// Makes an account with a password that is hashed already.
pub(super) async fn add_hashed(
    store: &Store,
    clock: &dyn Clock,
    new: NewPerson,
    password: String,
) -> Result<Account, PersonError> {
    if new.grant.sites.is_empty() || new.grant.scopes.is_empty() {
        return Err(PersonError::Empty);
    }
    if new.name.chars().count() > NAME_CHARS_MAX {
        return Err(PersonError::Name);
    }
    if list(store).await?.iter().any(|account| account.email == new.email) {
        return Err(PersonError::Taken);
    }
    let now_ms = clock.now_ms();
    let account = Account {
        id: random_text::<9>(),
        email: new.email,
        name: new.name,
        grant: new.grant,
        created_at_ms: now_ms,
        sessions_from_ms: now_ms,
        password,
        updated_at_ms: now_ms,
    };
    store.insert_rows("people", &[account.row(now_ms)], None).await?;
    Ok(account)
}

/// Gives an account another password and ends its sessions. As [`add`], it hashes here and now.
///
/// # Errors
/// As [`add`], and when there is no such account.
pub async fn change_password(
    store: &Store,
    clock: &dyn Clock,
    email: &str,
    password: &str,
) -> Result<Account, PersonError> {
    let email = email_of(email)?;
    password::check(password, &email)?;
    let account = list(store).await?.into_iter().find(|account| account.email == email);
    change_hashed(store, clock, account.ok_or(PersonError::Unknown)?, password::hash(password)?).await
}

/// Gives an account a password that is hashed already, and ends its sessions.
pub(super) async fn change_hashed(
    store: &Store,
    clock: &dyn Clock,
    account: Account,
    password: String,
) -> Result<Account, PersonError> {
    let now_ms = clock.now_ms();
    let account = Account { password, sessions_from_ms: now_ms.max(account.sessions_from_ms + 1), ..account };
    store.insert_rows("people", &[account.row(now_ms)], None).await?;
    Ok(account)
}

/// Ends an account and its sessions, and takes the password's hash out of it.
///
/// # Errors
/// When there is no such account, or the store does not take it.
pub async fn remove(store: &Store, clock: &dyn Clock, email: &str) -> Result<Account, PersonError> {
    let email = email_of(email)?;
    let account = list(store).await?.into_iter().find(|account| account.email == email);
    let account = account.ok_or(PersonError::Unknown)?;
    let emptied = Account { password: String::new(), ..account.clone() }.row(clock.now_ms());
    let removed = PersonRow { removed: 1, ..emptied.clone() };
    store.insert_rows("people", &[emptied, removed], None).await?;
    Ok(account)
}

/// Whether anybody has an account.
///
/// # Errors
/// When the store does not answer.
pub async fn any(store: &Store) -> Result<bool, StoreError> {
    Ok(!list(store).await?.is_empty())
}

/// Every account, the oldest first.
///
/// # Errors
/// When the store does not answer.
pub async fn list(store: &Store) -> Result<Vec<Account>, StoreError> {
    let newest = |column: &str| format!("argMax({column}, updated_at)");
    let select = [
        "id".to_owned(),
        newest("email"),
        newest("name"),
        newest("password"),
        newest("sites"),
        newest("scopes"),
        "toUnixTimestamp64Milli(min(created_at)) AS created".to_owned(),
        "toUnixTimestamp64Milli(max(sessions_from))".to_owned(),
        "toUnixTimestamp64Milli(max(updated_at))".to_owned(),
    ];
    let rest = format!("GROUP BY id HAVING max(removed) = 0 ORDER BY created, id LIMIT {PEOPLE_MAX}");
    let statement = Statement::service(ServiceTable::People, &select.join(", "), &rest);
    let limits = QueryLimits { execution: LOOK_MAX, ..QueryLimits::default() };
    let rows = store.query_json(statement.sql(), &[], limits).await?;
    let mut accounts: Vec<Account> = Vec::with_capacity(rows.len());
    for account in rows.into_iter().filter_map(read) {
        // Two that were made at the same moment for one address: the first counts.
        if !accounts.iter().any(|known| known.email == account.email) {
            accounts.push(account);
        }
    }
    Ok(accounts)
}

fn read(row: Vec<serde_json::Value>) -> Option<Account> {
    let [id, email, name, password, sites, scopes, created, sessions_from, updated] = row.as_slice() else {
        return None;
    };
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    Some(Account {
        id: text(id)?,
        email: text(email)?,
        name: text(name)?,
        password: text(password)?,
        grant: Grant { sites: texts(sites), scopes: scopes_of(scopes) },
        created_at_ms: created.as_i64()?,
        sessions_from_ms: sessions_from.as_i64()?,
        updated_at_ms: updated.as_i64()?,
    })
}

impl Account {
    fn row(&self, now_ms: i64) -> PersonRow {
        PersonRow {
            id: self.id.clone(),
            removed: 0,
            email: self.email.clone(),
            name: self.name.clone(),
            password: self.password.clone(),
            sites: self.grant.sites.clone(),
            scopes: scope_names(&self.grant.scopes),
            created_at: self.created_at_ms,
            sessions_from: self.sessions_from_ms,
            // Newer than what it replaces, also where this machine's clock is behind.
            updated_at: now_ms.max(self.updated_at_ms + 1),
        }
    }
}

/// The scopes that somebody has who is given none: to look, and to change nothing.
pub(crate) const SCOPES_DEFAULT: [Scope; 2] = [Scope::ReadMetrics, Scope::ReadSessions];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_compared_in_lower_case_and_has_two_sides() {
        assert_eq!(email_of(" Ada@Shop.Example ").unwrap(), "ada@shop.example");
        for wrong in ["", "ada", "@shop", "ada@", "a@b@c", "ada lovelace@shop", "<ada@shop>", &"x".repeat(300)] {
            assert!(email_of(wrong).is_err(), "{wrong}");
        }
    }
}
