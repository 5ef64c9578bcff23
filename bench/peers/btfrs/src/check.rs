//! The oracle: every answer to the workload in the protocol's canonical form.

use std::io::Write;

use btf_rs::Btf;

use crate::{
    rows::Refusal,
    source::{kind_size, name_of, type_count},
    workload::Workload,
};

pub fn check(out: &mut impl Write, btf: &Btf, w: &Workload) -> Result<(), Refusal> {
    writeln!(out, "types {}", type_count(btf))?;
    for id in &w.ids {
        let t = btf
            .resolve_type_by_id(*id)
            .map_err(|e| format!("id {id}: {e}"))?;
        let (kind, size) = kind_size(&t);
        let name = t
            .as_btf_type()
            .and_then(|t| name_of(btf, t))
            .unwrap_or_default();
        writeln!(out, "type {id} {kind} {size} {name}")?;
    }
    for name in w.hits.iter().chain(&w.misses) {
        let mut ids = btf.resolve_ids_by_name(name)?;
        ids.sort_unstable();
        let ids: Vec<String> = ids.iter().map(u32::to_string).collect();
        let ids = if ids.is_empty() {
            "-".to_string()
        } else {
            ids.join(",")
        };
        writeln!(out, "ids {ids} {name}")?;
    }
    for p in &w.patterns {
        match &p.re {
            Err(_) => writeln!(out, "matches - - {}", p.label)?,
            Ok(re) => {
                let ids = btf.resolve_ids_by_regex(re)?;
                let sum: u64 = ids.iter().map(|id| *id as u64).sum();
                writeln!(out, "matches {} {sum} {}", ids.len(), p.label)?;
            }
        }
    }
    Ok(())
}
