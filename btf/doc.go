// Package btf reads BTF, the BPF Type Format, in which Linux describes its types: ids,
// names, structs, function prototypes, for the kernel and, split on top of it, for
// each module.
//
// A [Spec] answers three questions: which type has this id, which ids have this name,
// which ids have a name that matches this regular expression. Specs are opened by
// backends, which differ in where the bytes live and which indexes exist:
//
//	spec, err := cache.Open("/sys/kernel/btf/vmlinux", nil)
//
// A [Type] is a small value that points at a record of the blob. Nothing is decoded
// ahead, and accessors do not fail; they allocate or lock only where they say so, such as
// Name, which copies names out of mapped bytes.
//
// Other packages build on it. btf/modules asks a kernel and its modules together. btf/funcs
// finds functions, btf/path finds members by path, btf/elements finds enumerators and members by
// name. btf/layout computes alignment and gaps. btf/diff lists the declarations in which two
// kernels differ. btf/cdump and btf/dump print types. btf/builder writes BTF. btf/store is for
// authors of backends. Package elfx takes BTF out of ELF files, modules and kernel images.
//
// # Format
//
// As of Linux 7.2; see Documentation/bpf/btf.rst and include/uapi/linux/btf.h in the
// kernel's sources. A blob is a header and up to three sections:
//
//	+--------+--------------------------+----------------+------------------+
//	| header | types: record, record, … | strings "\0…\0" | layout (Linux 7.1) |
//	+--------+--------------------------+----------------+------------------+
//
// Each record has 12 bytes and a trailer by kind, all in the byte order that the header's
// magic number tells:
//
//	name_off u32   where the name starts in the strings
//	info     u32   vlen bits 0-23, kind 24-30, kind_flag 31
//	size or type u32
//	INT encoding u32 | ARRAY elem, index, nelems | VAR linkage | DECL_TAG component
//	STRUCT, UNION  {name, type, offset} x vlen   ENUM {name, value} x vlen
//	FUNC_PROTO {name, type} x vlen   ENUM64 {name, lo, hi} x vlen
//	DATASEC {type, offset, size} x vlen
//
// Types are numbered in the order of their records, from 1; 0 is void. In split BTF, the
// numbers and the string offsets go on where the base's end.
//
// # Untrusted input
//
// Any bytes may be opened. The result is a Spec or an error that says where the fault is; time
// and memory are linear in the input's length. What is opened may still hold references to types
// that do not exist, or cycles; views and iterators stay within bounds and end on these, and
// [Spec.Verify] finds them. A chain of targets may be as long as the input, so a program that
// follows one for each type may take quadratic time. Underlying gives up early for that reason.
package btf
