//! Arguments, logs, one command, an exit code.

fn main() {}
