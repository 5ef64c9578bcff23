//! The conversation: a command a line in, an answer out.

use std::{
    io::{self, BufRead, BufWriter, Write},
    rc::Rc,
    time::Duration,
};

use btf_rs::Btf;

use crate::{
    check,
    memory::Memory,
    rows::{self, Refusal, Sample},
    source::Source,
    version,
    workload::Workload,
};

pub struct Peer {
    backend: String,
    label: String,
    pub workload_path: String,
    pub workload: Workload,
    source: Source,
    btf: Option<Rc<Btf>>,
    baseline: Option<Memory>,
    // Whether any command has opened the source yet, even if nothing of it is kept.
    touched: bool,
}

impl Peer {
    pub fn new(backend: String, label: String, workload_path: String, source: Source) -> Peer {
        Peer {
            backend,
            label,
            workload_path,
            workload: Workload::default(),
            source,
            btf: None,
            baseline: None,
            touched: false,
        }
    }

    pub fn serve(&mut self, input: impl BufRead, output: impl Write) -> io::Result<()> {
        let mut out = BufWriter::new(output);
        writeln!(
            out,
            "ready protocol=1 backend={} library=btf-rs version={} omits=-",
            self.backend,
            version()
        )?;
        out.flush()?;
        for line in input.lines() {
            let line = line?;
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            let answer = match words[..] {
                ["quit"] => break,
                ["check"] => self.check(&mut out),
                ["run", row, count] => self.run(&mut out, row, count),
                ["memory", stage] => self.memory(&mut out, stage),
                _ => Err(format!("unknown command {line}").into()),
            };
            match answer {
                Ok(()) => writeln!(out, "ok")?,
                Err(Refusal::Unsupported(why)) => writeln!(out, "unsupported {why}")?,
                Err(Refusal::Error(why)) => writeln!(out, "error {why}")?,
            }
            out.flush()?;
        }
        Ok(())
    }

    // Opens the source on the first call and keeps it open.
    fn open(&mut self) -> Result<Rc<Btf>, Refusal> {
        self.touched = true;
        if let Some(btf) = &self.btf {
            return Ok(btf.clone());
        }
        Ok(self.btf.insert(Rc::new(self.source.open()?)).clone())
    }

    fn check(&mut self, out: &mut impl Write) -> Result<(), Refusal> {
        check::check(out, &*self.open()?, &self.workload)
    }

    fn run(&mut self, out: &mut impl Write, row: &str, count: &str) -> Result<(), Refusal> {
        let (n, sample) = match count.strip_suffix("ms") {
            Some(ms) => {
                let ms = ms.parse().map_err(|e| format!("duration {count}: {e}"))?;
                self.calibrate(row, Duration::from_millis(ms))?
            }
            None => {
                let n = count.parse().map_err(|e| format!("count {count}: {e}"))?;
                (n, self.sample(row, n)?)
            }
        };
        let ns = sample.time.as_nanos() as f64 / n as f64;
        let (backend, label) = (&self.backend, &self.label);
        writeln!(
            out,
            "Benchmark{row}/backend={backend}/source={label}\t{n}\t{ns:.2} ns/op"
        )?;
        match sample.sum {
            Some(sum) => writeln!(out, "checksum {row} {n} {sum:x}")?,
            None => writeln!(out, "checksum {row} {n} -")?,
        }
        Ok(())
    }

    // Raises n as Go's testing package does: to a fifth more than the last sample predicts, at
    // most a hundredfold.
    fn calibrate(&mut self, row: &str, least: Duration) -> Result<(u64, Sample), Refusal> {
        let mut n = 1u64;
        loop {
            let sample = self.sample(row, n)?;
            if row == "OpenCold" || sample.time >= least || n >= 1_000_000_000 {
                return Ok((n, sample));
            }
            let per_op = (sample.time.as_nanos() as u64 / n).max(1);
            let predicted = least.as_nanos() as u64 / per_op * 6 / 5;
            n = predicted.clamp(n + 1, n * 100).min(1_000_000_000);
        }
    }

    fn sample(&mut self, row: &str, n: u64) -> Result<Sample, Refusal> {
        if n == 0 {
            return Err("a sample has at least one operation".into());
        }
        match row {
            "OpenCold" if self.touched || n != 1 => {
                Err("OpenCold wants a count of 1 and a process that has opened nothing".into())
            }
            "Open" | "OpenCold" | "OpenFirstName" | "SplitOpen" => {
                self.touched = true;
                rows::open(row, n, &self.source, &self.workload)
            }
            _ => {
                let btf = self.open()?;
                rows::query(row, n, &btf, &self.workload)
            }
        }
    }

    fn memory(&mut self, out: &mut impl Write, stage: &str) -> Result<(), Refusal> {
        if !cfg!(target_os = "linux") {
            return Err(Refusal::Unsupported(
                "memory is read from Linux's /proc".into(),
            ));
        }
        if stage != "open" && stage != "queries" {
            return Err(format!("unknown stage {stage}").into());
        }
        let from = match self.baseline {
            Some(from) => from,
            None if self.touched => return Err("memory wants a fresh process".into()),
            None => *self.baseline.insert(Memory::baseline()?),
        };
        self.open()?;
        if stage == "queries" {
            self.query_each()?;
        }
        let report = Memory::now()?.report(&from);
        let (backend, label) = (&self.backend, &self.label);
        writeln!(
            out,
            "BenchmarkMemory/stage={stage}/backend={backend}/source={label}\t1\t{report}"
        )?;
        Ok(())
    }

    fn query_each(&mut self) -> Result<(), Refusal> {
        let mut rows: Vec<String> = [
            "TypeByID",
            "NameByID",
            "IDsByName/hit",
            "IDsByName/miss",
            "TypesByName/hit",
        ]
        .map(String::from)
        .to_vec();
        if let Some(p) = self.workload.patterns.iter().find(|p| p.re.is_ok()) {
            rows.push(format!("IDsByRegex/pattern={}", p.label));
            rows.push(format!("TypesByRegex/pattern={}", p.label));
        }
        for row in rows {
            self.sample(&row, 1)?;
        }
        Ok(())
    }
}
