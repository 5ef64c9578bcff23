//! libbpf, as the crate libbpf-sys carries it. Elements are read behind the records that it
//! returns, as its inline functions do.

use crate::Reader;
use libbpf_sys::*;
use serde_json::{json, Value};
use std::ffi::{c_char, c_int, CStr, CString};
use std::ptr;

struct Libbpf(*mut btf);

extern "C" {
    fn vdprintf(fd: c_int, format: *const c_char, args: *mut __va_list_tag) -> c_int;
}

/// Says on standard error what libbpf says, whatever its level: errno alone tells too little.
unsafe extern "C" fn say(
    _: libbpf_print_level,
    text: *const c_char,
    args: *mut __va_list_tag,
) -> c_int {
    vdprintf(2, text, args)
}

fn parse(path: &str, base: *mut btf) -> Result<*mut btf, String> {
    let path = CString::new(path).map_err(|e| e.to_string())?;
    // libbpf maps an error to NULL, and to nothing else.
    let btf = unsafe { btf__parse_raw_split(path.as_ptr(), base) };
    match btf.is_null() {
        true => Err(std::io::Error::last_os_error().to_string()),
        false => Ok(btf),
    }
}

pub fn open(path: &str, base: Option<&str>) -> Result<Box<dyn Reader>, String> {
    unsafe { libbpf_set_print(Some(say)) };
    let base = match base {
        Some(base) => parse(base, ptr::null_mut()).map_err(|e| format!("base: {e}"))?,
        None => ptr::null_mut(),
    };
    Ok(Box::new(Libbpf(parse(path, base)?)))
}

const KINDS: [&str; 20] = [
    "UNKN",
    "INT",
    "PTR",
    "ARRAY",
    "STRUCT",
    "UNION",
    "ENUM",
    "FWD",
    "TYPEDEF",
    "VOLATILE",
    "CONST",
    "RESTRICT",
    "FUNC",
    "FUNC_PROTO",
    "VAR",
    "DATASEC",
    "FLOAT",
    "DECL_TAG",
    "TYPE_TAG",
    "ENUM64",
];

impl Libbpf {
    fn get(&self, id: u32) -> Option<&btf_type> {
        unsafe { btf__type_by_id(self.0, id).as_ref() }
    }

    fn kind_of(&self, t: &btf_type) -> &'static str {
        KINDS.get((t.info >> 24 & 0x1f) as usize).unwrap_or(&"?")
    }

    fn string(&self, off: u32) -> Option<String> {
        let s = unsafe { btf__name_by_offset(self.0, off) };
        match s.is_null() {
            true => None,
            false => Some(unsafe { CStr::from_ptr(s) }.to_string_lossy().into_owned()),
        }
    }

    /// The words behind a record, and whether kind_flag is set.
    fn elements<'a>(&self, t: &'a btf_type, words: usize) -> (&'a [u32], bool) {
        let n = (t.info & 0xffff) as usize * words;
        let first = unsafe { (t as *const btf_type).add(1) } as *const u32;
        (
            unsafe { std::slice::from_raw_parts(first, n) },
            t.info >> 31 != 0,
        )
    }
}

impl Reader for Libbpf {
    fn count(&self) -> Value {
        json!(unsafe { btf__type_cnt(self.0) })
    }

    fn kind(&self, id: u32) -> Value {
        json!(self.get(id).map(|t| self.kind_of(t)))
    }

    fn name(&self, id: u32) -> Value {
        json!(self.get(id).and_then(|t| self.string(t.name_off)))
    }

    fn size(&self, id: u32) -> Value {
        json!(self.get(id).map(|t| unsafe { t.__bindgen_anon_1.size }))
    }

    fn target(&self, id: u32) -> Value {
        let Some(t) = self.get(id) else {
            return Value::Null;
        };
        match self.kind_of(t) {
            "ARRAY" => {
                let first = unsafe { (t as *const btf_type).add(1) } as *const u32;
                json!(unsafe { *first })
            }
            _ => json!(unsafe { t.__bindgen_anon_1.type_ }),
        }
    }

    fn ids(&self, name: &str) -> Value {
        let n = unsafe { btf__type_cnt(self.0) };
        let named = |id: &u32| {
            let off = self.get(*id).map_or(0, |t| t.name_off);
            off != 0 && self.string(off).as_deref() == Some(name)
        };
        json!((1..n).filter(named).collect::<Vec<u32>>())
    }

    fn member(&self, id: u32, name: &str, bits: bool) -> Value {
        let Some(t) = self.get(id) else {
            return Value::Null;
        };
        let (words, flag) = self.elements(t, 3);
        for m in words.chunks(3) {
            if self.string(m[0]).as_deref() == Some(name) {
                return match (bits, flag) {
                    (false, false) => json!(m[2]),
                    (false, true) => json!(m[2] & 0xffffff),
                    (true, false) => json!(0),
                    (true, true) => json!(m[2] >> 24),
                };
            }
        }
        Value::Null
    }

    fn value(&self, id: u32, name: &str) -> Value {
        let Some(t) = self.get(id) else {
            return Value::Null;
        };
        let wide = self.kind_of(t) == "ENUM64";
        let (words, signed) = self.elements(t, if wide { 3 } else { 2 });
        for e in words.chunks(if wide { 3 } else { 2 }) {
            if self.string(e[0]).as_deref() != Some(name) {
                continue;
            }
            let low = e[1] as u64;
            return match (wide, signed) {
                (false, false) => json!(low.to_string()),
                (false, true) => json!((e[1] as i32).to_string()),
                (true, false) => json!((low | (e[2] as u64) << 32).to_string()),
                (true, true) => json!(((low | (e[2] as u64) << 32) as i64).to_string()),
            };
        }
        Value::Null
    }
}
