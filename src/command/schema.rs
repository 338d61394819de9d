//! `duban schema`: the shape of the files, for editors.

use std::io::{self, Write};

use super::Failure;
use super::cli::{Schema, SchemaFile};
use crate::config::{self, SchemaOf};

pub(super) fn schema(args: &Schema) -> Result<(), Failure> {
    let of = match args.of {
        SchemaFile::Configuration => SchemaOf::Configuration,
        SchemaFile::Calendar => SchemaOf::Calendar,
    };
    io::stdout().write_all(config::schema(of).as_bytes())?;
    Ok(())
}
