//! The words of the product, as plain data: no IO, no async, no shape of files.

pub mod attachment;
pub mod audit;
pub mod chart;
pub mod chat;
pub mod document;
pub mod dossier;
pub mod id;
pub mod journal;
pub mod ladder;
pub mod meeting;
pub mod message;
pub mod notice;
pub mod outcome;
pub mod people;
pub mod review;
pub mod sheet;
pub mod system;
pub mod task;
pub mod when;
