//! Words for people: message templates in Chinese and English, which users may override, over phrases that are ours.

mod chart;
mod chat;
mod circular;
pub mod dossier;
mod en;
mod escape;
mod letter;
mod meeting;
mod notice;
mod phrases;
mod plain;
mod renderer;
mod review;
mod sample;
pub mod sheet;
mod zh;

pub use chart::{Charts, FontError, Picture};
pub use circular::document_html;
pub use renderer::{Renderer, TemplateFault};
