//! A sample of sessions for questions about more page views than anybody would wait for: which question reads one ([`choose`]), and the
//! copy that it reads ([`keep`]).

mod choose;
mod keep;

pub(crate) use choose::Choices;
pub use keep::run;
