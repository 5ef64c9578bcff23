package main

import (
	"archive/zip"
	"encoding/binary"
	"os"
)

// writeZip writes the seeds of a target into an archive for libFuzzer.
func writeZip(path string, seeds func(func(string, ...any)) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	z := zip.NewWriter(f)
	var failed error
	err = seeds(func(name string, args ...any) {
		w, err := z.Create(seedName(name))
		if err == nil {
			_, err = w.Write(join(args))
		}
		if err != nil {
			failed = err
		}
	})
	for _, e := range []error{err, failed, z.Close(), f.Close()} {
		if e != nil {
			return e
		}
	}
	return nil
}

// join lays arguments out as go-118-fuzz-build reads them from the bytes of libFuzzer: lengths
// and numbers are big-endian, and behind a u64 an odd byte says so.
func join(args []any) (out []byte) {
	for _, arg := range args {
		switch v := arg.(type) {
		case []byte:
			out = append(binary.BigEndian.AppendUint32(out, uint32(len(v))), v...)
		case string:
			out = append(binary.BigEndian.AppendUint32(out, uint32(len(v))), v...)
		case byte:
			out = append(out, v)
		case uint32:
			out = binary.BigEndian.AppendUint32(out, v)
		case uint64:
			out = append(binary.BigEndian.AppendUint64(out, v), 1)
		}
	}
	return out
}
