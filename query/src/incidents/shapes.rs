//! What the calls about incidents take and answer.

use super::incident::Incident;
use crate::documents::Document;
use crate::grammar::rfc3339;
use crate::record::Record;
use serde::Serialize;

/// An incident.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct IncidentRow {
    /// Its id on the site.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// When it began.
    pub from: String,
    /// When it was over; null while it goes on.
    #[schema(required)]
    pub to: Option<String>,
    /// Whether it goes on.
    pub open: bool,
    /// What was hit, as filters of the query grammar.
    pub filters: Vec<String>,
    /// The journey whose losses are told first.
    #[schema(required)]
    pub journey: Option<String>,
    /// Whatever else is to be known.
    #[schema(required)]
    pub note: Option<String>,
    /// `api`, `alert` or `chart`.
    pub source: String,
    /// Who wrote this version; empty where anybody may.
    pub author: String,
}

impl IncidentRow {
    /// An incident as it is shown.
    pub fn of(document: &Document, incident: &Incident) -> Self {
        Self {
            id: document.id.clone(),
            title: incident.title.clone(),
            from: rfc3339(incident.from_ms),
            to: incident.to_ms.map(rfc3339),
            open: incident.to_ms.is_none(),
            filters: incident.filters.clone(),
            journey: incident.journey.clone(),
            note: incident.note.clone(),
            source: incident.source.clone(),
            author: document.author.clone(),
        }
    }

    /// The same as columns, in this order.
    pub fn record(self) -> Record {
        Record::new()
            .with("id", self.id)
            .with("title", self.title)
            .with("from", self.from)
            .with("to", self.to)
            .with("open", self.open)
            .with("filters", self.filters)
            .with("journey", self.journey)
            .with("note", self.note)
            .with("source", self.source)
            .with("author", self.author)
    }
}

/// An incident as it is sent.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct IncidentBody {
    /// What people call it.
    pub title: String,
    /// When it began, RFC 3339.
    pub from: String,
    /// When it was over; leave it out while it goes on. At most 7 days after `from`.
    pub to: Option<String>,
    /// What was hit, as filters of the query grammar, such as `page:is:/checkout`. All of them hold.
    pub filters: Option<Vec<String>>,
    /// The journey whose losses are told first.
    pub journey: Option<String>,
    /// Whatever else is to be known; may have lines.
    pub note: Option<String>,
    /// `api`, `alert` or `chart`; `api` where it is left out.
    pub source: Option<String>,
}

/// One incident.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct IncidentAnswer {
    /// The incident.
    pub data: IncidentRow,
}

/// Incidents.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct IncidentList {
    /// The newest first.
    pub data: Vec<IncidentRow>,
}
