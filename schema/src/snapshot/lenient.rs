//! Reading JSON leniently, straight from the bytes: a field of the wrong type or range is dropped and counted, and
//! the rest of the snapshot stays. No tree of values is built on the way.
//!
//! A [`Rule`] says what one field may be; a [`Slot`] applies it wherever the field is found. What a snapshot consists
//! of is in [`super::parts`].

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::Drops;

/// What a rule makes of what it was shown.
pub(super) enum Read<T> {
    /// Taken as it is.
    Good(T),
    /// Taken, but shortened or clamped, which is counted.
    Cut(T),
    /// As good as missing, such as an empty text.
    Empty,
    /// Dropped and counted.
    Bad,
}

/// What one field may be. Whatever a rule does not expect is [`Read::Bad`].
pub(super) trait Rule<'de>: Sized {
    type Value;

    fn number(self, _number: f64) -> Read<Self::Value> {
        Read::Bad
    }

    fn text(self, _text: Cow<'de, str>) -> Read<Self::Value> {
        Read::Bad
    }

    fn flag(self, _flag: bool) -> Read<Self::Value> {
        Read::Bad
    }

    fn array<A: SeqAccess<'de>>(self, mut array: A, _drops: &mut Drops) -> Result<Read<Self::Value>, A::Error> {
        while array.next_element::<Skip>()?.is_some() {}
        Ok(Read::Bad)
    }

    fn object<A: MapAccess<'de>>(self, mut object: A, _drops: &mut Drops) -> Result<Read<Self::Value>, A::Error> {
        while object.next_entry::<Skip, Skip>()?.is_some() {}
        Ok(Read::Bad)
    }
}

/// A field's value on its way in: the rule, and where to count what it does not take.
pub(super) struct Slot<'d, R> {
    pub(super) rule: R,
    /// Under which name a drop is counted.
    pub(super) name: &'static str,
    /// Under which name a value that was cut is counted.
    pub(super) cut: &'static str,
    pub(super) drops: &'d mut Drops,
}

impl<'de, R: Rule<'de>> Slot<'_, R> {
    fn settle<E>(
        read: Read<R::Value>,
        name: &'static str,
        cut: &'static str,
        drops: &mut Drops,
    ) -> Result<Option<R::Value>, E> {
        Ok(match read {
            Read::Good(value) => Some(value),
            Read::Cut(value) => {
                drops.add(cut);
                Some(value)
            }
            Read::Empty => None,
            Read::Bad => {
                drops.add(name);
                None
            }
        })
    }
}

impl<'de, R: Rule<'de>> DeserializeSeed<'de> for Slot<'_, R> {
    type Value = Option<R::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, R: Rule<'de>> Visitor<'de> for Slot<'_, R> {
    type Value = Option<R::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
        Self::settle(self.rule.flag(flag), self.name, self.cut, self.drops)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Self::settle(self.rule.number(number as f64), self.name, self.cut, self.drops)
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Self::settle(self.rule.number(number as f64), self.name, self.cut, self.drops)
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Self::settle(self.rule.number(number), self.name, self.cut, self.drops)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Self::settle(self.rule.text(Cow::Borrowed(text)), self.name, self.cut, self.drops)
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Self::settle(self.rule.text(Cow::Owned(text.to_owned())), self.name, self.cut, self.drops)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        // `JSON.stringify` writes NaN as null: not measured, and nobody's fault.
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, array: A) -> Result<Self::Value, A::Error> {
        let read = self.rule.array(array, self.drops)?;
        Self::settle(read, self.name, self.cut, self.drops)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        let read = self.rule.object(object, self.drops)?;
        Self::settle(read, self.name, self.cut, self.drops)
    }
}

/// Any value, not looked at. Unlike `serde::de::IgnoredAny` it goes down through the parser's own depth limit, so
/// that a body is refused for its depth wherever the depth is.
pub(super) struct Skip;

impl<'de> Deserialize<'de> for Skip {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Slot { rule: Anything, name: "", cut: "", drops: &mut Drops::default() })?;
        Ok(Self)
    }
}

struct Anything;

impl<'de> Rule<'de> for Anything {
    type Value = ();

    fn number(self, _: f64) -> Read<()> {
        Read::Empty
    }

    fn text(self, _: Cow<'de, str>) -> Read<()> {
        Read::Empty
    }

    fn flag(self, _: bool) -> Read<()> {
        Read::Empty
    }
}

/// Looks a key up without keeping it.
pub(super) struct KeySeed<F, T> {
    find: F,
    found: PhantomData<T>,
}

impl<F: FnOnce(&str) -> T, T> KeySeed<F, T> {
    pub(super) fn new(find: F) -> Self {
        Self { find, found: PhantomData }
    }
}

impl<'de, F: FnOnce(&str) -> T, T> DeserializeSeed<'de> for KeySeed<F, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de, F: FnOnce(&str) -> T, T> Visitor<'de> for KeySeed<F, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<T, E> {
        Ok((self.find)(key))
    }
}

/// A part of a snapshot that reads itself from an object, leniently.
pub(super) trait FromObject<'de>: Sized {
    fn from_object<A: MapAccess<'de>>(object: A, drops: &mut Drops) -> Result<Self, A::Error>;
}

/// The rule for a nested part.
pub(super) struct Object<T>(pub(super) PhantomData<T>);

impl<'de, T: FromObject<'de>> Rule<'de> for Object<T> {
    type Value = T;

    fn object<A: MapAccess<'de>>(self, object: A, drops: &mut Drops) -> Result<Read<T>, A::Error> {
        T::from_object(object, drops).map(Read::Good)
    }
}

pub(super) fn object<T>() -> Object<T> {
    Object(PhantomData)
}

/// Takes what is borrowed from the body out of it.
pub trait IntoOwned {
    /// The same with nothing borrowed.
    type Owned;
    /// Copies what is borrowed.
    fn into_owned(self) -> Self::Owned;
}

impl IntoOwned for Cow<'_, str> {
    type Owned = Cow<'static, str>;
    fn into_owned(self) -> Cow<'static, str> {
        Cow::Owned(Cow::into_owned(self))
    }
}

impl<T: IntoOwned> IntoOwned for Option<T> {
    type Owned = Option<T::Owned>;
    fn into_owned(self) -> Self::Owned {
        self.map(IntoOwned::into_owned)
    }
}

impl<T: IntoOwned> IntoOwned for Vec<T> {
    type Owned = Vec<T::Owned>;
    fn into_owned(self) -> Self::Owned {
        self.into_iter().map(IntoOwned::into_owned).collect()
    }
}

macro_rules! owned_already {
    ($($name:ty)+) => {
        $(impl $crate::snapshot::compact::Compact for $name {}
        impl $crate::snapshot::IntoOwned for $name {
            type Owned = Self;
            fn into_owned(self) -> Self {
                self
            }
        })+
    };
}
pub(super) use owned_already;

owned_already!(u32 bool [u16; 2]);

impl IntoOwned for f64 {
    type Owned = Self;
    fn into_owned(self) -> Self {
        self
    }
}

/// A part of a snapshot: the struct, all of whose fields may be missing, and how it is read. Each field is
/// `name "key": type = rule`; its drops are counted under the prefix and the key.
macro_rules! lenient_part {
    ($(#[$doc:meta])* $vis:vis struct $name:ident in $prefix:literal {
        $($(#[$field_doc:meta])* $field:ident $key:literal: $type:ty = $rule:expr,)+
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
        $vis struct $name<'a> {
            $(
                $(#[$field_doc])*
                #[serde(
                    rename = $key,
                    skip_serializing_if = "Option::is_none",
                    serialize_with = "crate::snapshot::compact::option"
                )]
                pub $field: Option<$type>,
            )+
        }

        impl<'de> $crate::snapshot::lenient::FromObject<'de> for $name<'de> {
            fn from_object<A: serde::de::MapAccess<'de>>(
                mut object: A,
                drops: &mut $crate::snapshot::Drops,
            ) -> Result<Self, A::Error> {
                use $crate::snapshot::lenient::{KeySeed, Skip, Slot};
                #[allow(non_camel_case_types)]
                enum Key { $($field,)+ Unknown__ }
                let find = |key: &str| match key { $($key => Key::$field,)+ _ => Key::Unknown__ };
                let mut part = Self::default();
                while let Some(key) = object.next_key_seed(KeySeed::new(find))? {
                    match key {
                        $(Key::$field => {
                            let (name, cut) = (concat!($prefix, $key), concat!($prefix, $key, ":cut"));
                            // Of a key that comes twice the last good value stays.
                            if let Some(value) = object.next_value_seed(Slot { rule: $rule, name, cut, drops })? {
                                part.$field = Some(value);
                            }
                        })+
                        Key::Unknown__ => {
                            object.next_value::<Skip>()?;
                        }
                    }
                }
                Ok(part)
            }
        }

        impl $crate::snapshot::IntoOwned for $name<'_> {
            type Owned = $name<'static>;
            fn into_owned(self) -> $name<'static> {
                $name { $($field: $crate::snapshot::IntoOwned::into_owned(self.$field),)+ }
            }
        }

        impl $crate::snapshot::compact::Compact for $name<'_> {}

        impl $name<'_> {
            /// Whether it says nothing at all.
            #[allow(dead_code, reason = "the one part that is not public does not ask")]
            pub fn is_empty(&self) -> bool {
                $(self.$field.is_none())&&+
            }
        }
    };
}
pub(super) use lenient_part;
