//! The calls about share links: `/api/v1/sites/{site}/links`.

use super::{Kept, Link, PREFIX};
use crate::audit::Entry;
use crate::documents::{Document, Kind};
use crate::fields::{self, Wrong};
use crate::grammar::{DAY_MS, rfc3339};
use crate::people::{Whence, reply};
use crate::record::Record;
use crate::secrets::{hash_hex, random_text};
use crate::state::{QueryState, store_problem};
use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use felt_http::{Caller, CallerKind, Denied, Problem, Scope, bearer};
use serde::{Deserialize, Serialize};

/// Bytes of what a link is for.
const NAME_BYTES_MAX: usize = 200;
/// Days after which the longest link ends: a link that nobody remembers must not stay open.
const DAYS_MAX: u32 = 365;
/// Days after which a link ends where nothing else is said.
const DAYS_DEFAULT: u32 = 30;
/// Most links of a site that have not ended.
const LINKS_MAX: usize = 200;

/// A link to make.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[allow(dead_code, reason = "it describes; the fields are read one by one")]
pub struct LinkBody {
    /// Whom or what it is for, shown in the list.
    name: String,
    /// Days until it ends, 1 to 365; 30 where that is left out.
    days: Option<u32>,
}

/// A link, without its secret.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct LinkEntry {
    /// Its id, by which it is revoked.
    id: String,
    /// Whom or what it is for.
    name: String,
    /// Who made it; empty where anybody may.
    author: String,
    /// When it was made.
    created_at: String,
    /// When it ends by itself.
    expires_at: String,
}

/// The links of a site.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct LinkList {
    /// Those that have not ended, the newest first.
    data: Vec<LinkEntry>,
}

/// A link that was made, the only time that its secret can be read.
#[derive(Serialize, utoipa::ToSchema)]
pub struct LinkMade {
    /// It.
    data: LinkSecret,
}

/// A link with its secret.
#[derive(Serialize, utoipa::ToSchema)]
pub struct LinkSecret {
    /// Its id, by which it is revoked.
    id: String,
    /// What follows the address of any screen of the site: `#share=` and the secret.
    fragment: String,
    /// When it ends by itself.
    expires_at: String,
}

/// Whoever may look at the site's figures by themselves. A link makes no links, and a program none either unless it is an admin's:
/// what it made would outlive its token.
async fn sharer(state: &QueryState, site: &str, headers: &HeaderMap) -> Result<Caller, Problem> {
    state.site(site, bearer(headers), Scope::ReadMetrics).await?;
    let caller = state.authorize.caller(bearer(headers)).await?;
    let may = match caller.kind {
        CallerKind::Person | CallerKind::Anyone => true,
        CallerKind::Token => caller.grant.allows(site, Scope::Admin),
        CallerKind::Link => false,
    };
    if may { Ok(caller) } else { Err(Denied::NotGranted(Scope::Admin).into()) }
}

async fn alive(state: &QueryState, site: &str) -> Result<Vec<Link>, Problem> {
    let documents = Document::of_site(state, Kind::Link, site).await.map_err(store_problem)?;
    let now_ms = state.clock.now_ms();
    let mut links: Vec<Link> =
        documents.into_iter().filter_map(Link::of).filter(|link| link.is_alive(now_ms)).collect();
    links.sort_by_key(|link| std::cmp::Reverse(link.kept.created_at_ms));
    Ok(links)
}

/// The links of the site that have not ended, without their secrets.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/links", tag = "access", operation_id = "links",
    params(("site" = String, Path, description = "The site's key")),
    responses((status = 200, description = "A row per link; CSV and NDJSON too", body = LinkList), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]), ("session" = ["read:metrics"]))
)]
pub async fn links(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    sharer(&state, &site, &headers).await?;
    let row = |link: Link| {
        Record::new()
            .with("id", link.id)
            .with("name", link.kept.name)
            .with("author", link.author)
            .with("created_at", rfc3339(link.kept.created_at_ms))
            .with("expires_at", rfc3339(link.kept.expires_at_ms))
    };
    Ok(reply::rows(&headers, alive(&state, &site).await?.into_iter().map(row).collect()))
}

/// Makes a link that shows the site's figures, and no single visits, to whoever has it. The answer is the only time that its
/// secret can be read.
#[utoipa::path(
    post, path = "/api/v1/sites/{site}/links", tag = "access", operation_id = "make_link", request_body = LinkBody,
    params(("site" = String, Path, description = "The site's key")),
    responses((status = 201, description = "The link", body = LinkMade), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]), ("session" = ["read:metrics"]))
)]
pub async fn make_link(
    State(state): State<QueryState>,
    Extension(whence): Extension<Whence>,
    Path(site): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let caller = sharer(&state, &site, &headers).await?;
    let (name, days) = read(&headers, body).await?;
    if alive(&state, &site).await?.len() >= LINKS_MAX {
        let detail = format!("a site has at most {LINKS_MAX} links: revoke some first");
        return Err(Problem::bad_request("too-many", detail));
    }
    let (id, secret) = (random_text::<9>(), format!("{PREFIX}{}", random_text::<32>()));
    let created_at_ms = state.clock.now_ms();
    let expires_at_ms = created_at_ms + i64::from(days) * DAY_MS;
    let kept = Kept { name, hash: hash_hex(&secret), created_at_ms, expires_at_ms };
    let text = serde_json::to_string(&kept).map_err(|_| Problem::internal())?;
    let entry = Entry::of(&caller, &whence, "link.create").site(&site).subject(&id);
    let put = async { Document::put(&state, Kind::Link, &site, &id, &text, &caller.name).await.map_err(store_problem) };
    state.trail.around(entry, put).await?;
    state.authorize.changed();
    let fragment = format!("#share={secret}");
    Ok(reply::one(StatusCode::CREATED, LinkSecret { id, fragment, expires_at: rfc3339(expires_at_ms) }))
}

async fn read(headers: &HeaderMap, body: Body) -> Result<(String, u32), Problem> {
    let mut fields = fields::object(headers, body).await?;
    let mut wrong = Wrong::default();
    let name = fields.required("name", NAME_BYTES_MAX, &mut wrong);
    let days = fields.whole("days", 1, DAYS_MAX, &mut wrong).unwrap_or(DAYS_DEFAULT);
    fields.end(&mut wrong);
    Ok((wrong.check(name)?, days))
}

/// Takes a link back: for admins of the site, and whoever made it. Processes that did not hear of it let it in for a few seconds more.
#[utoipa::path(
    delete, path = "/api/v1/sites/{site}/links/{id}", tag = "access", operation_id = "revoke_link",
    params(("site" = String, Path, description = "The site's key"), ("id" = String, Path, description = "The link's id")),
    responses((status = 204, description = "It is good for nothing any more"), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]), ("session" = ["read:metrics"]))
)]
pub async fn revoke_link(
    State(state): State<QueryState>,
    Extension(whence): Extension<Whence>,
    Path((site, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let caller = sharer(&state, &site, &headers).await?;
    let links = alive(&state, &site).await?;
    let link = links.into_iter().find(|link| link.id == id);
    let link = link.ok_or_else(|| Problem::not_found("there is no such link to this site, or it has ended"))?;
    if link.author != caller.name && !caller.grant.allows(&site, Scope::Admin) {
        return Err(Denied::NotGranted(Scope::Admin).into());
    }
    let entry = Entry::of(&caller, &whence, "link.revoke").site(&site).subject(&id);
    let delete = async { Document::delete(&state, Kind::Link, &site, &id, &caller.name).await.map_err(store_problem) };
    state.trail.around(entry, delete).await?;
    state.authorize.changed();
    Ok(reply::nothing())
}
