package elfx

// The limits that a zero [Options] stands for.
const (
	// DefaultMaxSize is the default of Options.MaxSize: 1 GiB, above every vmlinux with its
	// debug information stripped.
	DefaultMaxSize = 1 << 30
	// DefaultMaxRatio is the default of Options.MaxRatio. Kernels and modules reach 3 to 8.
	DefaultMaxRatio = 64
	// RatioFloor is the number of decompressed bytes below which no ratio is applied, so that a
	// tiny file full of zeros is not mistaken for an attack: 16 MiB.
	RatioFloor = 16 << 20
	// DefaultMaxWindow is the default of Options.MaxWindow: 128 MiB, which the kernel's zstd -22
	// asks for when it compresses from a pipe, and its xz, too.
	DefaultMaxWindow = 128 << 20
)

// Options bounds what reading one file may cost. The zero value, or nil, means the defaults.
type Options struct {
	// MaxSize bounds the bytes that are read whole or decompressed, summed over all layers of
	// one file. The history that xz and lzma keep beside their output counts, too. Reading a
	// file takes at most 1.3 times as much memory, and a few megabytes. 0 means
	// [DefaultMaxSize]; a negative value means no such limit.
	MaxSize int64
	// MaxRatio bounds the decompressed bytes, history included, for each byte of the file,
	// summed over all layers. It applies above [RatioFloor] bytes. 0 means [DefaultMaxRatio]; a
	// negative value means no such limit.
	MaxRatio int64
	// MaxWindow bounds the bytes of history that the header of one stream may ask for. 0
	// means [DefaultMaxWindow]; a negative value means no such limit.
	MaxWindow int64
	// Pool bounds the memory of all calls together whose Options have this Pool. With nil, each
	// call only has its own limits.
	Pool *Pool
	// FixDatasec fills in the sizes of DATASECs and the offsets of their variables, from the
	// sections and symbols of the ELF file. Compilers leave them to the loader: in an object that
	// was not linked, they are 0. It does what libbpf does when it opens an object:
	//
	//   - a DATASEC of size 0 gets the size of the ELF section of its name, and its global and
	//     weak variables get the values of their symbols as offsets; static variables have their
	//     offsets already;
	//   - a variable with a hidden or internal symbol becomes static;
	//   - the entries of every DATASEC are sorted by offset;
	//   - .ksyms and .kconfig, which are sections of no ELF file, are only sorted.
	//
	// If that changes the BTF, Data.BTF is a copy, and Data.Offset is -1. Split BTF is not
	// changed.
	FixDatasec bool
}
