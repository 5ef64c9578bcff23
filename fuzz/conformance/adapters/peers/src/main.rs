//! Runs an implementation that Rust can call on a case of the conformance suite:
//!
//!     peers btfrs-cache|btfrs-mmap|libbpf|aya case.btf [base.btf] <queries.json >answers.json
//!
//! It exits 0 if the implementation accepts the case, and 1 if it refuses it, and 77 if it is not
//! asked; a panic is 101.

mod btfrs;
mod libbpf;

use object::Endianness;
use serde_json::Value;
use std::process::exit;

/// What answers queries. Answers are null for what the implementation cannot tell.
pub trait Reader {
    fn count(&self) -> Value;
    fn kind(&self, id: u32) -> Value;
    fn name(&self, id: u32) -> Value;
    fn size(&self, id: u32) -> Value;
    fn target(&self, id: u32) -> Value;
    fn ids(&self, name: &str) -> Value;
    fn member(&self, id: u32, name: &str, bits: bool) -> Value;
    fn value(&self, id: u32, name: &str) -> Value;
}

fn answer(r: &dyn Reader, q: &Value) -> Value {
    let id = q["id"].as_u64().unwrap_or(0) as u32;
    let name = q["name"].as_str().unwrap_or("");
    match q["ask"].as_str().unwrap_or("") {
        "count" => r.count(),
        "kind" => r.kind(id),
        "name" => r.name(id),
        "size" => r.size(id),
        "target" => r.target(id),
        "ids" => r.ids(name),
        "offset" => r.member(id, name, false),
        "bits" => r.member(id, name, true),
        "value" => r.value(id, name),
        _ => Value::Null,
    }
}

/// aya parses, and keeps to itself what it read.
fn aya(path: &str) -> Result<(), String> {
    let data = std::fs::read(path).map_err(|e| e.to_string())?;
    let big = data.first() == Some(&0xeb);
    let order = if big {
        Endianness::Big
    } else {
        Endianness::Little
    };
    aya_obj::btf::Btf::parse(&data, order).map_err(|e| e.to_string())?;
    Ok(())
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if args.len() < 3 {
        eprintln!("usage: peers btfrs-cache|btfrs-mmap|libbpf|aya case.btf [base.btf]");
        exit(64);
    }
    let (path, base) = (&args[2], args.get(3).map(String::as_str));
    let opened: Result<Option<Box<dyn Reader>>, String> = match args[1].as_str() {
        "btfrs-cache" => btfrs::open(path, base, btf_rs::Backend::Cache).map(Some),
        "btfrs-mmap" => btfrs::open(path, base, btf_rs::Backend::Mmap).map(Some),
        "libbpf" => libbpf::open(path, base).map(Some),
        "aya" if base.is_none() => aya(path).map(|_| None),
        "aya" => {
            eprintln!("aya-obj has no split BTF");
            exit(77);
        }
        other => {
            eprintln!("{other}: unknown");
            exit(64);
        }
    };
    match opened {
        Err(e) => {
            eprintln!("{e}");
            exit(1);
        }
        Ok(None) => {}
        Ok(Some(r)) => {
            let queries: Vec<Value> =
                serde_json::from_reader(std::io::stdin()).expect("queries.json on stdin");
            let answers: Vec<Value> = queries.iter().map(|q| answer(r.as_ref(), q)).collect();
            println!("{}", Value::from(answers));
        }
    }
}
