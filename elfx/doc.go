// Package elfx takes BTF out of the files it is found in: raw blobs, ELF files, compressed kernel
// modules and kernel images.
//
// # What is read
//
// The bytes of a file select its decoder, never its name:
//
//   - raw BTF of either byte order;
//   - ELF of either class and byte order, with or without a symbol table: the sections .BTF,
//     .BTF.base, .BTF.ext, .BTF.inline and whatever else is called .BTF.NAME, inflated when they
//     are marked SHF_COMPRESSED (zlib, zstd);
//   - either of these inside gzip, xz, zstd, bzip2, lz4 (frame and legacy), lzma or lzop, as
//     distributions ship modules, with or without a signature appended. The package reads all that
//     these tools write, with each filter of xz 5.8, except zstd and lz4 with a dictionary;
//   - x86 bzImage and EFI zboot images, whose header fields say where the compressed kernel is;
//     unified kernel images (a PE file with a .linux section) around them;
//   - arm64, riscv and s390x images and any other file: searched for BTF, then for compressed
//     streams. Bytes count as BTF only when all of their records parse. The largest BTF wins,
//     since a kernel's BTF is larger than the BTF of modules inside the image; Data.Others lists
//     the others;
//   - ELF files that unpack a kernel, as MIPS and ppc64 have them: searched for compressed streams;
//   - kernels that keep their BTF as a zstd frame.
//
// An archive (tar, cpio, ar, zip) is searched, too. None of its files is preferred: if several
// hold BTF, the error lists them. BTF of a module in it, which needs a base, does not count.
//
// The package follows header fields first, and searches only where they do not help. Searching
// takes time linear in the size of the file; the work that false finds cause is bounded, too.
//
// # Memory and limits
//
// Of an uncompressed ELF file only the section headers, their names and the wanted sections are
// read, whatever the size of the file. Everything else is read or decompressed in memory, within
// the limits of [Options]. A file that asks for more is refused with [ErrTooLarge], and the
// message names the limit. Reading one file takes at most 1.3 times the limit in memory, and a few
// megabytes for the decoder. A [Pool] bounds the memory of several calls together.
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
// where libbpf does. They open what they find with a [Backend] of the caller's choice. [Relocate]
// rewrites a module that was built with a distilled base so that it is split from the given
// kernel.
//
// # Concurrency
//
// All functions may be called at once from several goroutines. A function that takes a context
// returns the context's error soon after it is done. Modules of a collection are opened later,
// without that context: see [Dir].
package elfx
