//! The program: one binary for the server and for its operators.

use std::process::ExitCode;

fn main() -> ExitCode {
    dna_api::cli::run()
}
