//! Takes personal data out of what a beacon carries, before anything is written.
//!
//! Of URLs the query, the fragment and credentials go, unless a parameter is on the site's list; in every text e-mail
//! addresses, phone numbers, cards (by Luhn's check), IBANs (by their check digits), JSON web tokens, well-known keys
//! and whatever stands after `token=` and its like are masked. Scrubbing twice changes nothing more. What looks like
//! none of these is not found: names in free text, for one.

mod numbers;
mod secrets;
mod text;
mod url;

pub use text::scrub_text;
pub use url::scrub_url;

use std::borrow::Cow;

use crate::snapshot::{Event, Snapshot, Text};

/// What stands for an e-mail address.
pub const EMAIL: &str = "[email]";
/// What stands for a phone number.
pub const PHONE: &str = "[phone]";
/// What stands for the number of a payment card.
pub const CARD: &str = "[card]";
/// What stands for a bank account.
pub const IBAN: &str = "[iban]";
/// What stands for a token, key or password.
pub const TOKEN: &str = "[token]";
/// What stands for an id in a path that may be a key to something: a route's own word for it.
pub const ID: &str = ":id";

impl Snapshot<'_> {
    /// Takes personal data out of every text. `allow` are the query parameters that URLs keep; `#` among them keeps
    /// fragments, for sites whose routes are there.
    pub fn scrub(&mut self, allow: &[String]) {
        let attribution = &mut self.attribution;
        for url in [&mut self.url, &mut self.referrer] {
            in_url(url, allow);
        }
        for text in [&mut self.route, &mut self.title, &mut self.release] {
            in_text(text);
        }
        if let Some(lcp) = &mut attribution.lcp {
            in_text(&mut lcp.target);
            in_url(&mut lcp.url, allow);
        }
        if let Some(inp) = &mut attribution.inp {
            in_text(&mut inp.target);
            in_url(&mut inp.script, allow);
        }
        if let Some(cls) = &mut attribution.cls {
            in_text(&mut cls.target);
        }
        for event in &mut self.events {
            scrub_event(event, allow);
        }
        for value in self.tags.values_mut() {
            replace(value, scrub_text);
        }
    }
}

fn scrub_event(event: &mut Event<'_>, allow: &[String]) {
    for url in [&mut event.url, &mut event.source, &mut event.script] {
        in_url(url, allow);
    }
    for text in [
        &mut event.name,
        &mut event.journey,
        &mut event.step,
        &mut event.message,
        &mut event.stack,
        &mut event.target,
        &mut event.cause,
        &mut event.text,
    ] {
        in_text(text);
    }
}

fn in_url(url: &mut Option<Text<'_>>, allow: &[String]) {
    if let Some(held) = url {
        replace(held, |url| scrub_url(url, allow));
        // Nothing is left of a URL that was all query: as if none had been sent, which is how it would be read back.
        if held.is_empty() {
            *url = None;
        }
    }
}

fn in_text(text: &mut Option<Text<'_>>) {
    if let Some(text) = text {
        replace(text, scrub_text);
    }
}

/// Puts the scrubbed text in the place of the other, borrowed from the same bytes where it is a part of them.
fn replace<'a>(held: &mut Text<'a>, scrub: impl Fn(&str) -> Cow<'_, str>) {
    if let Cow::Borrowed(whole) = *held {
        *held = scrub(whole);
    } else {
        let scrubbed = match scrub(held) {
            Cow::Borrowed(part) if part.len() == held.len() => return,
            other => other.into_owned(),
        };
        *held = Cow::Owned(scrubbed);
    }
}
