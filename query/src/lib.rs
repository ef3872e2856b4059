//! Questions and their answers: the HTTP API over what the processor wrote, and the dashboard's files.
//!
//! [`grammar`] reads a question, [`planner`] decides which table answers it and writes the SQL, [`calls`] make the
//! answer. What a visitor did and how it is judged was settled before, in `schema` and `processor`; nothing here writes
//! page views.

pub mod grammar;
pub mod planner;
