// Package elfx takes BTF out of the files it is found in: raw blobs, ELF files, compressed kernel
// modules and kernel images.
//
// # What is read
//
// The bytes of a file select its decoder, never its name:
//
//   - raw BTF of either byte order;
//   - ELF of either class and byte order, with or without a symbol table: the .BTF, .BTF.base and
//     .BTF.ext sections, inflated when they are marked SHF_COMPRESSED (zlib, zstd);
//   - either of these inside gzip, xz, zstd, bzip2, lz4 (frame and legacy), lzma or lzop, as
//     distributions ship modules, with or without a signature appended;
//   - x86 bzImage and EFI zboot images, whose header fields say where the compressed kernel is;
//     unified kernel images (a PE file with a .linux section) around them;
//   - arm64, riscv and s390x images and any other file: searched for BTF, then for compressed
//     streams. A find counts only when all of its records parse, and the largest one wins.
//
// Header fields come first and searching last. Searching is linear in the size of the file: the
// work that false finds may cause is capped too.
//
// # Memory and limits
//
// Of an uncompressed ELF file only the section headers, their names and the wanted sections are
// read, whatever the size of the file. Everything else is read or decompressed in memory, within
// the limits of [Options]. A file that asks for more is refused with [ErrTooLarge], and the message
// names the limit. A decompressor may allocate [Options].MaxWindow besides, 128 MiB by default.
//
// # Why not debug/elf
//
// Section headers, their names and a few sections' bytes are all that is needed. debug/elf reads
// more than that before it answers, allocates what a compressed section claims to hold (1.4 GB
// from a file of 261 kB), and is documented not to be hardened against hostile input. The reader
// here checks each range against the file's size before it uses it and needs no recover.
//
// # Kernels and modules
//
// [Dir] and [Tree] find a kernel and its modules in a directory of BTF, in /lib/modules or in a
// tree that packages were unpacked to, and make a [modules.Collection] of them; [OpenKernel] looks
// where libbpf does. They open what they find with a backend of the caller's choice, see
// [Backend]. A module built with a distilled base is moved onto the kernel at hand by [Relocate].
//
// # Concurrency
//
// All functions may be called at once from several goroutines. Those that take a context stop soon
// after it is done, with its error. The modules of a collection are opened later and without it:
// see [Dir].
package elfx
