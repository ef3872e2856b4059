//! (under construction)
pub mod bot;
pub mod device;
pub mod user_agent;
