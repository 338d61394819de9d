//! Files that people share: tables, calendars and documents, in the forms in which offices really save them.
//!
//! Knows bytes and places, and nothing of tasks or configuration.

pub mod date;
pub mod docx;
pub mod icalendar;
pub mod table;
pub mod text;
pub mod workbook;
pub mod written;
pub mod xlsx;
