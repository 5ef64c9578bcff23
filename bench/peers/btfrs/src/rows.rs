//! The timed loops, one function per row of the protocol.

use std::time::{Duration, Instant};

use btf_rs::{Btf, Type};
use fallible_iterator::FallibleIterator;
use regex::Regex;

use crate::{
    source::{is_named, kind_size, name_of, Source},
    workload::Workload,
};

/// Why a command has no result.
pub enum Refusal {
    Unsupported(String),
    Error(String),
}

impl<T: ToString> From<T> for Refusal {
    fn from(reason: T) -> Refusal {
        Refusal::Error(reason.to_string())
    }
}

/// What one sample yields: its duration, and the checksum unless the answers differ by design.
pub struct Sample {
    pub time: Duration,
    pub sum: Option<u64>,
}

type Outcome = Result<Sample, Refusal>;

/// Runs one sample of `n` operations of a row that queries an open source.
pub fn query(row: &str, n: u64, btf: &Btf, w: &Workload) -> Outcome {
    match row {
        "TypeByID" => type_by_id(n, btf, entries(&w.ids, "id")?),
        "NameByID" => name_by_id(n, btf, entries(&w.ids, "id")?),
        "IDsByName/hit" => ids_by_name(n, btf, entries(&w.hits, "hit")?),
        "IDsByName/miss" => ids_by_name(n, btf, entries(&w.misses, "miss")?),
        "TypesByName/hit" => types_by_name(n, btf, entries(&w.hits, "hit")?),
        "Iterate" => iterate(n, btf),
        "StructWalk" => struct_walk(n, btf),
        _ => match row.split_once("/pattern=") {
            Some(("IDsByRegex", label)) => ids_by_regex(n, btf, pattern(w, label)?),
            Some(("TypesByRegex", label)) => types_by_regex(n, btf, pattern(w, label)?),
            _ => Err(format!("unknown row {row}").into()),
        },
    }
}

/// Runs one sample of `n` operations of a row that opens the source. What was opened is closed
/// outside the clock.
pub fn open(row: &str, n: u64, source: &Source, w: &Workload) -> Outcome {
    let base = match (row, &source.base) {
        ("SplitOpen", None) => return Err("SplitOpen needs --base".into()),
        ("SplitOpen", Some(base)) => Some(source.open_base(base)?),
        _ => None,
    };
    let hits = match row {
        "OpenFirstName" => entries(&w.hits, "hit")?,
        _ => &[],
    };
    let (mut time, mut sum) = (Duration::ZERO, 0u64);
    for i in 0..n as usize {
        let start = Instant::now();
        let btf = match &base {
            Some(base) => source.open_split(base)?,
            None => source.open()?,
        };
        if hits.is_empty() {
            sum += 1;
        } else {
            let ids = btf.resolve_ids_by_name(&hits[i % hits.len()])?;
            sum = sum.wrapping_add(lowest(&ids));
        }
        time += start.elapsed();
        drop(btf);
    }
    Ok(Sample {
        time,
        sum: Some(sum),
    })
}

fn entries<'a, T>(list: &'a [T], keyword: &str) -> Result<&'a [T], Refusal> {
    match list {
        [] => Err(format!("the workload has no {keyword} entries").into()),
        _ => Ok(list),
    }
}

fn pattern<'a>(w: &'a Workload, label: &str) -> Result<&'a Regex, Refusal> {
    match w.patterns.iter().find(|p| p.label == label) {
        None => Err(format!("the workload has no regex {label}").into()),
        Some(p) => p.re.as_ref().map_err(|e| Refusal::Unsupported(e.clone())),
    }
}

// Times `n` operations on the entries in turn, adding up what each returns.
#[inline(always)]
fn cycle<T>(n: u64, list: &[T], mut op: impl FnMut(&T) -> Result<u64, btf_rs::Error>) -> Outcome {
    let (mut sum, mut next) = (0u64, 0);
    let start = Instant::now();
    for _ in 0..n {
        sum = sum.wrapping_add(op(&list[next])?);
        next += 1;
        if next == list.len() {
            next = 0;
        }
    }
    Ok(Sample {
        time: start.elapsed(),
        sum: Some(sum),
    })
}

fn type_by_id(n: u64, btf: &Btf, ids: &[u32]) -> Outcome {
    cycle(n, ids, |id| {
        let (kind, size) = kind_size(&btf.resolve_type_by_id(*id)?);
        Ok(kind + size)
    })
}

fn name_by_id(n: u64, btf: &Btf, ids: &[u32]) -> Outcome {
    cycle(n, ids, |id| {
        let t = btf.resolve_type_by_id(*id)?;
        let name = t.as_btf_type().and_then(|t| name_of(btf, t));
        Ok(name.map_or(0, |name| name_sum(&name)))
    })
}

fn ids_by_name(n: u64, btf: &Btf, names: &[String]) -> Outcome {
    cycle(n, names, |name| Ok(lowest(&btf.resolve_ids_by_name(name)?)))
}

fn types_by_name(n: u64, btf: &Btf, names: &[String]) -> Outcome {
    let mut sample = cycle(n, names, |name| {
        let types = btf.resolve_types_by_name(name)?;
        let (kind, size) = types.first().map_or((0, 0), kind_size);
        Ok(kind + size)
    })?;
    // The first is the lowest id's only without a base: the split's types come first.
    if btf.split().is_some() {
        sample.sum = None;
    }
    Ok(sample)
}

fn ids_by_regex(n: u64, btf: &Btf, re: &Regex) -> Outcome {
    cycle(n, &[re], |re| {
        let ids = btf.resolve_ids_by_regex(re)?;
        Ok(ids.len() as u64 + ids.iter().map(|id| *id as u64).sum::<u64>())
    })
}

fn types_by_regex(n: u64, btf: &Btf, re: &Regex) -> Outcome {
    cycle(n, &[re], |re| {
        Ok(sum_types(&btf.resolve_types_by_regex(re)?))
    })
}

fn iterate(n: u64, btf: &Btf) -> Outcome {
    cycle(n, &[()], |_| {
        let mut sum = 0;
        let mut types = btf.type_iter();
        while let Some(t) = types.next()? {
            sum += kind_size(&t).0 + is_named(&t) as u64;
        }
        Ok(sum)
    })
}

fn struct_walk(n: u64, btf: &Btf) -> Outcome {
    cycle(n, &[()], |_| {
        let mut sum = 0;
        let mut types = btf.type_iter();
        while let Some(t) = types.next()? {
            let Type::Struct(t) = t else { continue };
            for m in &t.members {
                sum += btf.resolve_name(m).map_or(0, |name| name_sum(&name));
                sum += m.bit_offset() as u64;
            }
        }
        Ok(sum)
    })
}

fn name_sum(name: &str) -> u64 {
    name.len() as u64 + name.as_bytes().first().map_or(0, |b| *b as u64)
}

fn sum_types(types: &[Type]) -> u64 {
    types
        .iter()
        .map(kind_size)
        .map(|(kind, size)| kind + size)
        .sum()
}

// Base and split ids do not come in ascending order.
fn lowest(ids: &[u32]) -> u64 {
    ids.iter().min().map_or(0, |id| *id as u64)
}
