//! (under construction)
pub mod batch;
pub mod bot;
pub mod budget;
pub mod device;
mod identity;
pub mod prior;
pub mod rollup;
pub mod route;
pub mod score;
pub mod state;
pub mod user_agent;
pub mod view;
