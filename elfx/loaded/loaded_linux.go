package loaded

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// idAttr is the part of union bpf_attr that commands about ids use. The kernel takes what is
// shorter than its own, and zeros behind.
type idAttr struct{ id, nextID, _ uint32 }

// infoAttr is that of BPF_OBJ_GET_INFO_BY_FD.
type infoAttr struct {
	fd, infoLen uint32
	info        uint64 // a pointer
}

// btfInfo is struct bpf_btf_info. Pointers are u64 on all machines.
type btfInfo struct {
	btf         uint64
	size, id    uint32
	name        uint64
	nameLen     uint32
	isKernelBTF uint32
}

// progInfo is struct bpf_prog_info up to btf_id.
type progInfo struct {
	_     [128]byte
	btfID uint32
	_     uint32
}

// bpf calls bpf(2).
func bpf[T any](command int, attr *T) (int, error) {
	r, _, errno := unix.Syscall(unix.SYS_BPF, uintptr(command), uintptr(unsafe.Pointer(attr)),
		unsafe.Sizeof(*attr))
	switch errno {
	case 0:
		return int(r), nil
	case unix.ENOENT:
		return 0, ErrNotLoaded
	case unix.EPERM, unix.EACCES:
		return 0, fmt.Errorf("%w: it takes the capability CAP_SYS_ADMIN, as root has", errno)
	}
	return 0, errno
}

func nextID(after ID) (ID, error) {
	a := idAttr{id: uint32(after)}
	if _, err := bpf(unix.BPF_BTF_GET_NEXT_ID, &a); err != nil {
		return 0, fmt.Errorf("loaded: list: %w", err)
	}
	return ID(a.nextID), nil
}

// Find returns the Info of the BTF with an id.
func Find(id ID) (info Info, err error) {
	err = withFD(unix.BPF_BTF_GET_FD_BY_ID, uint32(id), func(fd uint32) error {
		info, err = infoOf(fd, nil)
		return err
	})
	if err != nil {
		return Info{}, fmt.Errorf("loaded: BTF %d: %w", id, err)
	}
	return info, nil
}

// Read returns the bytes of the BTF with an id, and its Info. The BTF of a module is split from
// the kernel's.
func Read(id ID) (data []byte, info Info, err error) {
	err = withFD(unix.BPF_BTF_GET_FD_BY_ID, uint32(id), func(fd uint32) error {
		if info, err = infoOf(fd, nil); err != nil {
			return err
		}
		data = make([]byte, info.Size)
		_, err = infoOf(fd, data)
		return err
	})
	if err != nil {
		return nil, Info{}, fmt.Errorf("loaded: BTF %d: %w", id, err)
	}
	return data, info, nil
}

// OfProgram returns the id of the BTF that a loaded BPF program came with.
func OfProgram(program uint32) (id ID, err error) {
	var info progInfo
	err = withFD(unix.BPF_PROG_GET_FD_BY_ID, program, func(fd uint32) error {
		return fillInfo(fd, &info)
	})
	if err == nil && info.btfID == 0 {
		err = fmt.Errorf("came without BTF: %w", ErrNotLoaded)
	}
	if err != nil {
		return 0, fmt.Errorf("loaded: program %d: %w", program, err)
	}
	return ID(info.btfID), nil
}

// withFD calls work with a descriptor of what has an id.
func withFD(command int, id uint32, work func(fd uint32) error) error {
	fd, err := bpf(command, &idAttr{id: id})
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return work(uint32(fd))
}

// infoOf asks about a descriptor of BTF, and for as many of its bytes as data takes.
func infoOf(fd uint32, data []byte) (Info, error) {
	var name [64]byte // MODULE_NAME_LEN
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(&name)
	i := btfInfo{name: uint64(uintptr(unsafe.Pointer(&name))), nameLen: uint32(len(name))}
	if len(data) > 0 {
		pin.Pin(&data[0])
		i.btf, i.size = uint64(uintptr(unsafe.Pointer(&data[0]))), uint32(len(data))
	}
	if err := fillInfo(fd, &i); err != nil {
		return Info{}, err
	}
	return Info{ID(i.id), unix.ByteSliceToString(name[:]), i.isKernelBTF != 0, int(i.size)}, nil
}

// fillInfo fills what the kernel knows of a descriptor into a struct of its own.
func fillInfo[T any](fd uint32, info *T) error {
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(info)
	_, err := bpf(unix.BPF_OBJ_GET_INFO_BY_FD, &infoAttr{fd, uint32(unsafe.Sizeof(*info)),
		uint64(uintptr(unsafe.Pointer(info)))})
	return err
}
