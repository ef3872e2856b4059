//! The few groupings that rollups are kept for. Not a cube: whatever fits none of them is answered from raw rows.

use serde::{Deserialize, Serialize};

/// A grouping of the rollup tables. The numbers are those of the `grouping` column's `Enum8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(i8)]
pub enum Grouping {
    /// The whole site.
    Site = 1,
    /// By page.
    Page = 2,
    /// By page and device.
    PageDevice = 3,
    /// By country.
    Country = 4,
    /// By release.
    Release = 5,
    /// By browser.
    Browser = 6,
    /// By device, over all pages; see [`Grouping::only_by_day`].
    Device = 7,
}

impl Grouping {
    /// All groupings.
    pub const ALL: [Self; 7] =
        [Self::Site, Self::Page, Self::PageDevice, Self::Country, Self::Release, Self::Browser, Self::Device];

    /// The name in the `grouping` column.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Site => "site",
            Self::Page => "page",
            Self::PageDevice => "page_device",
            Self::Country => "country",
            Self::Release => "release",
            Self::Browser => "browser",
            Self::Device => "device",
        }
    }

    /// The number in the `grouping` column.
    pub const fn column(self) -> i8 {
        self as i8
    }

    /// The grouping of that number.
    pub fn from_column(value: i8) -> Option<Self> {
        Self::ALL.into_iter().find(|grouping| grouping.column() == value)
    }

    /// The grouping of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grouping| grouping.name() == name)
    }

    /// Whether the `page` column is filled.
    pub const fn has_page(self) -> bool {
        matches!(self, Self::Page | Self::PageDevice)
    }

    /// The dimension whose value is in the `value` column; `None` where that column is empty.
    pub const fn value_dimension(self) -> Option<&'static str> {
        match self {
            Self::Site | Self::Page => None,
            Self::PageDevice | Self::Device => Some("device"),
            Self::Country => Some("country"),
            Self::Release => Some("release"),
            Self::Browser => Some("browser"),
        }
    }

    /// Whether it is kept by the day alone, summed from a finer one: minutes and hours of a few pages are few cells anyway.
    pub const fn only_by_day(self) -> bool {
        matches!(self, Self::Device)
    }

    /// Whether metrics that are not headlines are kept in it too: phases of the navigation are asked for the whole
    /// site and by page, seldom otherwise, and nine more metrics in every grouping would double the rollups.
    pub const fn has_all_metrics(self) -> bool {
        matches!(self, Self::Site | Self::Page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_lead_back() {
        for grouping in Grouping::ALL {
            assert_eq!(Grouping::from_name(grouping.name()), Some(grouping));
            assert_eq!(Grouping::from_column(grouping.column()), Some(grouping));
        }
    }
}
