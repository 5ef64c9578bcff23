//! btf-rs. Its cached backend and its mapped one refuse different inputs. A split is opened on a
//! base of the backend that is asked for; the split itself is always cached.

use crate::Reader;
use btf_rs::{Backend, Btf, Type};
use serde_json::{json, Value};

struct BtfRs {
    btf: Btf,
    base: Option<Box<Btf>>,
}

/// Opens a case and resolves every type, since the mapped backend refuses some only then.
pub fn open(path: &str, base: Option<&str>, backend: Backend) -> Result<Box<dyn Reader>, String> {
    let r = match base {
        None => BtfRs {
            btf: Btf::from_file_with_backend(path, backend).map_err(|e| e.to_string())?,
            base: None,
        },
        Some(base) => {
            let base = Btf::from_file_with_backend(base, backend).map_err(|e| e.to_string())?;
            let btf = Btf::from_split_file(path, &base).map_err(|e| e.to_string())?;
            BtfRs {
                btf,
                base: Some(Box::new(base)),
            }
        }
    };
    for id in 1..r.end() {
        let t = r.btf.resolve_type_by_id(id).map_err(|e| e.to_string())?;
        if let Some(t) = t.as_btf_type() {
            if t.get_name_offset().is_some() {
                r.btf.resolve_name(t).map_err(|e| e.to_string())?;
            }
        }
    }
    Ok(Box::new(r))
}

impl BtfRs {
    /// The id behind the last.
    fn end(&self) -> u32 {
        let _ = &self.base;
        match self.btf.split() {
            Some(split) => split.type_id_range().1 + 1,
            None => self.btf.base().type_id_range().1 + 1,
        }
    }

    fn get(&self, id: u32) -> Option<Type> {
        self.btf.resolve_type_by_id(id).ok()
    }
}

impl Reader for BtfRs {
    fn count(&self) -> Value {
        json!(self.end())
    }

    fn kind(&self, id: u32) -> Value {
        match self.get(id) {
            Some(t) => json!(t.name().to_uppercase().replace('-', "_")),
            None => Value::Null,
        }
    }

    fn name(&self, id: u32) -> Value {
        match self.get(id).as_ref().map(Type::as_btf_type) {
            Some(Some(t)) if t.get_name_offset().is_some() => {
                json!(self.btf.resolve_name(t).unwrap_or_default())
            }
            Some(_) => json!(""),
            None => Value::Null,
        }
    }

    fn size(&self, id: u32) -> Value {
        match self.get(id) {
            Some(Type::Int(t)) => json!(t.size()),
            Some(Type::Struct(t)) | Some(Type::Union(t)) => json!(t.size()),
            Some(Type::Enum(t)) => json!(t.size()),
            Some(Type::Enum64(t)) => json!(t.size()),
            Some(Type::Float(t)) => json!(t.size()),
            Some(Type::Datasec(t)) => json!(t.size()),
            _ => Value::Null,
        }
    }

    fn target(&self, id: u32) -> Value {
        match self.get(id).as_ref().map(Type::as_btf_type) {
            Some(Some(t)) => json!(t.get_type_id()),
            _ => Value::Null,
        }
    }

    fn ids(&self, name: &str) -> Value {
        match self.btf.resolve_ids_by_name(name) {
            Ok(mut ids) => {
                ids.sort_unstable();
                json!(ids)
            }
            Err(_) => Value::Null,
        }
    }

    fn member(&self, id: u32, name: &str, bits: bool) -> Value {
        let (Some(Type::Struct(t)) | Some(Type::Union(t))) = self.get(id) else {
            return Value::Null;
        };
        for m in &t.members {
            if self.btf.resolve_name(m).ok().as_deref() == Some(name) {
                return match bits {
                    true => json!(m.bitfield_size().unwrap_or(0)),
                    false => json!(m.bit_offset()),
                };
            }
        }
        Value::Null
    }

    fn value(&self, id: u32, name: &str) -> Value {
        match self.get(id) {
            Some(Type::Enum(t)) => t.members.iter().find_map(|m| {
                (self.btf.resolve_name(m).ok()? == name).then(|| match t.is_signed() {
                    true => json!((m.val() as i32).to_string()),
                    false => json!(m.val().to_string()),
                })
            }),
            Some(Type::Enum64(t)) => t.members.iter().find_map(|m| {
                (self.btf.resolve_name(m).ok()? == name).then(|| match t.is_signed() {
                    true => json!((m.val() as i64).to_string()),
                    false => json!(m.val().to_string()),
                })
            }),
            _ => None,
        }
        .unwrap_or(Value::Null)
    }
}
