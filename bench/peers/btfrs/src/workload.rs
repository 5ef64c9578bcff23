//! The workload file, prepared as btf-rs wants to be asked: names as `&str`, patterns compiled.

use std::{fs, path::Path};

use regex::Regex;

pub struct Pattern {
    pub label: String,
    pub re: Result<Regex, String>,
}

#[derive(Default)]
pub struct Workload {
    pub ids: Vec<u32>,
    pub hits: Vec<String>,
    pub misses: Vec<String>,
    pub patterns: Vec<Pattern>,
}

impl Workload {
    pub fn read(path: &Path) -> Result<Workload, String> {
        let bytes = fs::read(path).map_err(|e| format!("workload {}: {e}", path.display()))?;
        let mut w = Workload::default();
        for (i, line) in bytes.split(|b| *b == b'\n').enumerate() {
            w.add(line)
                .map_err(|e| format!("workload {}, line {}: {e}", path.display(), i + 1))?;
        }
        Ok(w)
    }

    fn add(&mut self, line: &[u8]) -> Result<(), String> {
        if line.is_empty() || line[0] == b'#' {
            return Ok(());
        }
        let line = std::str::from_utf8(line)
            .map_err(|_| "not UTF-8, which btf-rs cannot be asked for".to_string())?;
        let (keyword, rest) = line.split_once(' ').ok_or("no entry after the keyword")?;
        match keyword {
            "id" => self
                .ids
                .push(rest.parse().map_err(|e| format!("id {rest}: {e}"))?),
            "hit" => self.hits.push(rest.to_string()),
            "miss" => self.misses.push(rest.to_string()),
            "regex" => {
                let (label, text) = rest.split_once(' ').ok_or("no pattern after the label")?;
                self.patterns.push(Pattern {
                    label: label.to_string(),
                    re: Regex::new(text).map_err(one_line),
                });
            }
            _ => return Err(format!("unknown keyword {keyword}")),
        }
        Ok(())
    }
}

// A protocol line is one line; regex explains syntax errors in several.
fn one_line(e: regex::Error) -> String {
    e.to_string()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}
