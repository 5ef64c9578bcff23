package elfx

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
)

// imageFormat is a kernel image that its header identifies.
type imageFormat struct {
	name string
	// payload recognises the format and returns where its header says the kernel is. Numbers may
	// be any at all; n is 0 for a format that holds the kernel as it is.
	payload func(b []byte) (off, n uint64, ok bool)
	// sized says that the payload's length includes the decompressed size that the kernel's build
	// appends to every stream but gzip.
	sized bool
}

// imageFormats is in order of preference: a unified kernel image and a bzImage are PE files both.
var imageFormats = []imageFormat{
	{name: "bzImage", payload: bzImage, sized: true},
	{name: "zboot", payload: zboot},
	{name: "arm64-Image", payload: markedImage("ARM\x64")},
	{name: "riscv-Image", payload: markedImage("RSC\x05")},
	{name: "UKI", payload: unifiedImage},
}

// bzImage reads the x86 boot header (the kernel's Documentation/arch/x86/boot.rst): setup_sects at
// 0x1f1, "HdrS" at 0x202, the protocol's version at 0x206, which has payload_offset and
// payload_length from 2.08 (2.6.26) on, at 0x248 and 0x24c.
func bzImage(b []byte) (off, n uint64, ok bool) {
	if len(b) < 0x250 || string(b[0x202:0x206]) != "HdrS" ||
		binary.LittleEndian.Uint16(b[0x206:]) < 0x0208 {
		return 0, 0, false
	}
	setup := uint64(b[0x1f1])
	if setup == 0 {
		setup = 4
	}
	off = (setup+1)*512 + uint64(binary.LittleEndian.Uint32(b[0x248:]))
	return off, uint64(binary.LittleEndian.Uint32(b[0x24c:])), true
}

// zboot reads the header of a compressed EFI image (the kernel's
// drivers/firmware/efi/libstub/zboot-header.S): the payload's offset at 8 and size at 12.
func zboot(b []byte) (off, n uint64, ok bool) {
	if len(b) < 64 || string(b[:2]) != "MZ" || string(b[4:8]) != "zimg" {
		return 0, 0, false
	}
	off = uint64(binary.LittleEndian.Uint32(b[8:]))
	return off, uint64(binary.LittleEndian.Uint32(b[12:])), true
}

// markedImage recognises an uncompressed image by the mark at 0x38 of its header (the kernel's
// Documentation/arch/arm64/booting.rst and Documentation/arch/riscv/boot-image-header.rst).
func markedImage(mark string) func([]byte) (uint64, uint64, bool) {
	return func(b []byte) (off, n uint64, ok bool) {
		return 0, 0, len(b) >= 64 && string(b[0x38:0x3c]) == mark
	}
}

// unifiedImage finds the .linux section of a PE file (the UAPI Group's specification of unified
// kernel images). The PE header's offset is at 0x3c; a section header has 40 bytes, with the size
// in the file at 16 and the offset at 20.
func unifiedImage(b []byte) (off, n uint64, ok bool) {
	if len(b) < 0x40 || string(b[:2]) != "MZ" {
		return 0, 0, false
	}
	pe := uint64(binary.LittleEndian.Uint32(b[0x3c:]))
	if pe+24 > uint64(len(b)) || string(b[pe:pe+4]) != "PE\x00\x00" {
		return 0, 0, false
	}
	sections := uint64(binary.LittleEndian.Uint16(b[pe+6:]))
	table := pe + 24 + uint64(binary.LittleEndian.Uint16(b[pe+20:]))
	for at := table; at < table+40*sections && at+40 <= uint64(len(b)); at += 40 {
		if string(b[at:at+8]) == ".linux\x00\x00" {
			n = uint64(binary.LittleEndian.Uint32(b[at+16:]))
			return uint64(binary.LittleEndian.Uint32(b[at+20:])), n, n > 0
		}
	}
	return 0, 0, false
}

// image takes an input of no other format for a kernel image: by its header fields first, then by
// searching it.
func (x *extraction) image(in *input, search reach) (*Data, error) {
	if in.mem == nil {
		b, err := x.load(in, "image", 0, in.size)
		if err != nil {
			return nil, err
		}
		in = &input{size: in.size, mem: b, origin: in.origin}
	}
	name := cmp.Or(archiveFormat(in.mem), "image")
	for i := range imageFormats {
		f := &imageFormats[i]
		off, n, ok := f.payload(in.mem)
		if !ok {
			continue
		}
		if n == 0 {
			name = f.name
			break
		}
		d, err := x.imagePayload(in, f, off, n)
		if err == nil || isFinal(err) {
			return d, err
		}
		x.recordAttempt("%s: %v", f.name, err)
	}
	x.enter(name)
	return x.search(in, search)
}

// imagePayload goes on with the part of an image that its header points out. After a failure that
// leaves hope, the trail is as it was.
func (x *extraction) imagePayload(in *input, f *imageFormat, off, n uint64) (*Data, error) {
	leave := x.enter(f.name)
	if !in.within(off, n) {
		leave()
		return nil, fmt.Errorf("%w: payload of %d bytes at %#x of a file of %d bytes, truncated?",
			ErrCorrupt, n, off, in.size)
	}
	d, err := x.payload(in.part(int64(off), int64(n)), f.sized)
	if err != nil && !isFinal(err) {
		leave()
	}
	return d, err
}

// payload goes on with the kernel inside an image: a compressed stream, with its size appended if
// sized, or anything else that is read here.
func (x *extraction) payload(in *input, sized bool) (*Data, error) {
	c := codecOf(in.mem[:min(in.size, codecHead)])
	if c == nil {
		return x.extract(in, forBTF)
	}
	x.enter(c.name)
	hint := 4 * in.size
	if sized && c.sized && in.size > 4 {
		end := in.size - 4
		hint = int64(binary.LittleEndian.Uint32(in.mem[end:]))
		in = in.part(0, end)
	}
	b, _, err := x.unpack(c, in.mem, hint, true)
	if err != nil {
		return nil, err
	}
	return x.extract(unpacked(b), forBTF)
}

// isFinal says that an error settles the matter: nothing else needs to be tried. What asks for too
// large a window may be no stream but chance.
func isFinal(err error) bool {
	return errors.Is(err, ErrNoBTF) || errors.Is(err, ErrTooLarge) && !errors.Is(err, errWindow) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
