//! Opening the source with one of the two backends of btf-rs.

use std::path::PathBuf;

use btf_rs::{Backend, Btf, BtfType, Type};

/// Which backend of btf-rs, and on which files.
pub struct Source {
    pub mmap: bool,
    pub path: PathBuf,
    pub base: Option<PathBuf>,
}

impl Source {
    /// Opens the base, if there is one, and the source upon it.
    pub fn open(&self) -> Result<Btf, String> {
        match &self.base {
            None => self.open_base(&self.path),
            Some(base) => self.open_split(&self.open_base(base)?),
        }
    }

    pub fn open_base(&self, path: &PathBuf) -> Result<Btf, String> {
        // `Backend` is neither Copy nor Clone.
        let backend = if self.mmap {
            Backend::Mmap
        } else {
            Backend::Cache
        };
        Btf::from_file_with_backend(path, backend)
            .map_err(|e| format!("open {}: {e}", path.display()))
    }

    /// Opens the source upon a base; btf-rs does this with its cache backend only.
    pub fn open_split(&self, base: &Btf) -> Result<Btf, String> {
        Btf::from_split_file(&self.path, base)
            .map_err(|e| format!("open {}: {e}", self.path.display()))
    }
}

/// The number of types of the whole chain, void not counted.
pub fn type_count(btf: &Btf) -> u32 {
    match btf.split() {
        Some(split) => split.type_id_range().1,
        None => btf.base().type_id_range().1,
    }
}

/// The kind's number in the format, with ENUM64 counted as ENUM, and the size, 0 for kinds that
/// have none.
#[inline(always)]
pub fn kind_size(t: &Type) -> (u64, u64) {
    match t {
        Type::Int(t) => (1, t.size() as u64),
        Type::Ptr(_) => (2, 0),
        Type::Array(_) => (3, 0),
        Type::Struct(t) => (4, t.size() as u64),
        Type::Union(t) => (5, t.size() as u64),
        Type::Enum(t) => (6, t.size() as u64),
        Type::Fwd(_) => (7, 0),
        Type::Typedef(_) => (8, 0),
        Type::Volatile(_) => (9, 0),
        Type::Const(_) => (10, 0),
        Type::Restrict(_) => (11, 0),
        Type::Func(_) => (12, 0),
        Type::FuncProto(_) => (13, 0),
        Type::Var(_) => (14, 0),
        Type::Datasec(t) => (15, t.size() as u64),
        Type::Float(t) => (16, t.size() as u64),
        Type::DeclTag(_) => (17, 0),
        Type::TypeTag(_) => (18, 0),
        Type::Enum64(t) => (6, t.size() as u64),
        _ => (0, 0),
    }
}

/// The type's name, `None` if it has none. Asking for the offset first spares btf-rs the making of
/// an error for kinds that have no name.
#[inline(always)]
pub fn name_of(btf: &Btf, t: &dyn BtfType) -> Option<String> {
    t.get_name_offset()?;
    btf.resolve_name(t).ok()
}

/// Whether the type's name is anything but empty; reads no name.
#[inline(always)]
pub fn is_named(t: &Type) -> bool {
    t.as_btf_type()
        .and_then(|t| t.get_name_offset())
        .is_some_and(|off| off != 0)
}
