//! Country and region of an address, from a database in MaxMind's format. The address itself goes no further than here.

use maxminddb::{PathElement, Reader};
use std::borrow::Cow;
use std::net::IpAddr;
use std::path::Path;

static EMBEDDED: &[u8] = include_bytes!(env!("FELT_COUNTRY_DATABASE"));

/// Why a database could not be used.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot read the country database {path}: {source}; name a MaxMind-format file, or leave `country_database` out"
)]
pub struct GeoError {
    path: String,
    #[source]
    source: maxminddb::MaxMindDbError,
}

/// Where an address is; empty strings where that is not known.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    /// ISO 3166-1 alpha-2.
    pub(crate) country: &'a str,
    /// ISO 3166-2 without the country's part, when the database has it.
    pub(crate) region: &'a str,
}

/// The database, looked at by every beacon.
pub(crate) struct Geo {
    reader: Reader<Cow<'static, [u8]>>,
}

impl Geo {
    /// The file at `path`, or the embedded database.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, GeoError> {
        let name = || path.map_or("embedded".into(), |path| path.display().to_string());
        let bytes = match path {
            Some(path) => std::fs::read(path)
                .map(Cow::Owned)
                .map_err(|error| GeoError { path: name(), source: maxminddb::MaxMindDbError::Io(error) })?,
            None => Cow::Borrowed(EMBEDDED),
        };
        let reader = Reader::from_source(bytes).map_err(|source| GeoError { path: name(), source })?;
        Ok(Self { reader })
    }

    /// The place of an address. Loopback and private addresses are nowhere.
    pub(crate) fn locate(&self, address: IpAddr) -> Place<'_> {
        if is_local(address) {
            return Place::default();
        }
        let Ok(found) = self.reader.lookup(address) else { return Place::default() };
        let text = |path: &[PathElement<'_>]| found.decode_path::<&str>(path).ok().flatten();
        // Flat in the embedded database, nested in MaxMind's own.
        let flat = text(&[PathElement::Key("country_code")]);
        let nested = || text(&[PathElement::Key("country"), PathElement::Key("iso_code")]);
        let country = flat.or_else(nested).filter(|code| code.len() == 2).unwrap_or("");
        let region = match flat {
            Some(_) => None,
            None => text(&[PathElement::Key("subdivisions"), PathElement::Index(0), PathElement::Key("iso_code")]),
        };
        Place { country, region: region.unwrap_or("") }
    }
}

fn is_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_unspecified(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_unspecified(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_addresses_have_their_countries_and_local_ones_none() {
        let geo = Geo::open(None).unwrap();
        for (address, country) in [
            ("141.30.1.1", "DE"),
            ("129.132.1.1", "CH"),
            ("133.11.1.1", "JP"),
            ("2a02:2e0:3fe:1001::1", "DE"),
            ("127.0.0.1", ""),
            ("::1", ""),
            ("10.1.2.3", ""),
            ("fd00::1", ""),
            ("192.168.1.1", ""),
        ] {
            assert_eq!(geo.locate(address.parse().unwrap()), Place { country, region: "" }, "{address}");
        }
    }

    #[test]
    fn a_database_that_is_none_is_named_in_the_error() {
        let error = Geo::open(Some(Path::new("/nonexistent/countries.mmdb"))).err().unwrap().to_string();
        assert!(error.contains("/nonexistent/countries.mmdb"), "{error}");
    }
}
