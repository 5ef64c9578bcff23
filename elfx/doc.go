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
//     distributions ship modules, with or without a signature appended. All that these tools write
//     is read, each filter of xz 5.8 included, but for zstd and lz4 with a dictionary;
//   - x86 bzImage and EFI zboot images, whose header fields say where the compressed kernel is;
//     unified kernel images (a PE file with a .linux section) around them;
//   - arm64, riscv and s390x images and any other file: searched for BTF, then for compressed
//     streams. A find counts only when all of its records parse. The largest one wins, since a
//     kernel's BTF is larger than that of modules inside the image; Data.Others has the rest;
//   - ELF files that unpack a kernel, as MIPS and ppc64 have them: searched for compressed streams;
//   - kernels that keep their BTF as a zstd frame.
//
// An archive (tar, cpio, ar, zip) is searched, too, but its files are all alike: if BTF is in
// several places, the error lists them. BTF of a module in it, which needs a base, is not taken.
//
// Header fields come first and searching last. Searching is linear in the size of the file: the
// work that false finds may cause is capped too.
//
// # Memory and limits
//
// Of an uncompressed ELF file only the section headers, their names and the wanted sections are
// read, whatever the size of the file. Everything else is read or decompressed in memory, within
// the limits of [Options]. A file that asks for more is refused with [ErrTooLarge], and the message
// names the limit. Reading one file takes at most 1.3 times the limit in memory, and a few
// megabytes for the decoder. A [Pool] bounds what several calls have at once.
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
