//! What a commit's metadata says: the open range and the epoch, `v1:{first}-{last}:{epoch}`; with nothing open `v1::{epoch}`,
//! or nothing at all in epoch 0.

use crate::DeclaredRange;

/// What the metadata of a committed offset tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Intent {
    pub(crate) open: Option<DeclaredRange>,
    pub(crate) epoch: u32,
}

impl Intent {
    pub(crate) fn encode(&self) -> String {
        match self.open {
            Some(open) => format!("v1:{}-{}:{}", open.first, open.last, self.epoch),
            None if self.epoch == 0 => String::new(),
            None => format!("v1::{}", self.epoch),
        }
    }

    /// `Err` for what no version of ours wrote: guessing a range would count views twice.
    pub(crate) fn decode(metadata: &str) -> Result<Self, String> {
        if metadata.is_empty() {
            return Ok(Self::default());
        }
        let parsed = (|| {
            let (range, epoch) = metadata.strip_prefix("v1:")?.split_once(':')?;
            let epoch = epoch.parse().ok()?;
            if range.is_empty() {
                return Some(Self { open: None, epoch });
            }
            let (first, last) = range.split_once('-')?;
            let open = DeclaredRange { first: first.parse().ok()?, last: last.parse().ok()? };
            (open.first <= open.last).then_some(Self { open: Some(open), epoch })
        })();
        parsed.ok_or_else(|| {
            format!("the group's committed offset carries metadata {metadata:?}, which is not ours: give felt a group of its own")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_intent_survives_its_way_through_the_broker() {
        let range = |first, last| Some(DeclaredRange { first, last });
        for (open, epoch, text) in [
            (None, 0, ""),
            (None, 3, "v1::3"),
            (range(0, 0), 0, "v1:0-0:0"),
            (range(7, u64::MAX), u32::MAX, "v1:7-18446744073709551615:4294967295"),
        ] {
            let intent = Intent { open, epoch };
            assert_eq!(intent.encode(), text);
            assert_eq!(Intent::decode(text), Ok(intent));
        }
    }

    #[test]
    fn foreign_metadata_is_refused_with_the_reason() {
        for foreign in ["x", "v2:1-2:0", "v1:2-1:0", "v1:1-2", "v1:1-:0", "v1:-1-2:0", "v1:1-2:x", "v1:1-2:0 "] {
            assert!(Intent::decode(foreign).unwrap_err().contains("group of its own"), "{foreign}");
        }
    }
}
