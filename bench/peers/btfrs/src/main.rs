//! btf-rs behind the line protocol that `bench/peers/README.md` defines.

mod check;
mod memory;
mod peer;
mod rows;
mod source;
mod workload;

use std::{env, io, path::Path, process::ExitCode};

use crate::{peer::Peer, source::Source, workload::Workload};

const USAGE: &str = "usage: btfrs --backends
       btfrs --backend btfrs-cache|btfrs-mmap --source FILE [--base FILE] --workload FILE
             [--source-name NAME]
The protocol is described in bench/peers/README.md.";

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--backends"] => {
            let v = version();
            println!("btfrs-cache\tbtf-rs {v}\ttypes, strings and names decoded into hash maps");
            println!("btfrs-mmap\tbtf-rs {v}\tthe file mapped, one offset kept per type");
            return ExitCode::SUCCESS;
        }
        ["--help" | "-h"] => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    let Some(mut peer) = parse(&args) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match Workload::read(Path::new(&peer.workload_path)) {
        Ok(w) => peer.workload = w,
        Err(e) => {
            eprintln!("btfrs: {e}");
            return ExitCode::FAILURE;
        }
    }
    match peer.serve(io::stdin().lock(), io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("btfrs: standard streams: {e}");
            ExitCode::FAILURE
        }
    }
}

fn parse(args: &[String]) -> Option<Peer> {
    let (mut backend, mut path, mut base, mut workload, mut label) = (None, None, None, None, None);
    let mut args = args.iter();
    while let Some(flag) = args.next() {
        let value = Some(args.next()?.clone());
        match flag.as_str() {
            "--backend" => backend = value,
            "--source" => path = value,
            "--base" => base = value,
            "--workload" => workload = value,
            "--source-name" => label = value,
            _ => return None,
        }
    }
    let (backend, path) = (backend?, path?);
    let mmap = match backend.as_str() {
        "btfrs-cache" => false,
        "btfrs-mmap" => true,
        _ => return None,
    };
    let file_name = || {
        Path::new(&path)
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
    };
    let label = label.or_else(file_name)?;
    let source = Source {
        mmap,
        path: path.into(),
        base: base.map(Into::into),
    };
    Some(Peer::new(backend, label, workload?, source))
}

/// The version of btf-rs that the lock file names, which is the one compiled in.
pub fn version() -> &'static str {
    let lock = include_str!("../Cargo.lock");
    let entry = lock
        .split("name = \"btf-rs\"\nversion = \"")
        .nth(1)
        .unwrap_or_default();
    entry.split('"').next().unwrap_or_default()
}
