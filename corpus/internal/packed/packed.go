// Package packed stores one BTF blob as an LZ4 frame, the form in which the corpus commits it.
//
// A frame and not a bare block, so that "lz4 -d" reads the files too. Compressing is deterministic
// for one version of the LZ4 library: packing the same bytes again gives the same file.
package packed

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/pierrec/lz4/v4"
)

// Pack compresses raw at the highest level. It takes about 0.1 s per MB.
func Pack(raw []byte) ([]byte, error) {
	var out bytes.Buffer
	w := lz4.NewWriter(&out)
	err := w.Apply(
		lz4.CompressionLevelOption(lz4.Level9),
		lz4.BlockSizeOption(lz4.Block4Mb),
		lz4.SizeOption(uint64(len(raw))),
		// Unpack checks a SHA-256 of the whole, so that the frame needs no sum of its own.
		lz4.ChecksumOption(false),
	)
	if err != nil {
		return nil, fmt.Errorf("lz4 frame: %w", err)
	}
	if _, err := w.Write(raw); err != nil {
		return nil, fmt.Errorf("lz4 frame: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("lz4 frame: %w", err)
	}
	return out.Bytes(), nil
}

// Unpack decompresses frame into a slice of exactly size bytes, and refuses a frame that holds
// fewer or more, or whose contents do not have the SHA-256 sum given in hexadecimal.
func Unpack(frame io.Reader, size int, sum string) ([]byte, error) {
	raw := make([]byte, size)
	r := lz4.NewReader(frame)
	if n, err := io.ReadFull(r, raw); err != nil {
		return nil, fmt.Errorf("lz4 frame: %d of %d bytes: %w", n, size, err)
	}
	if n, err := io.ReadFull(r, make([]byte, 1)); n != 0 || err != io.EOF {
		return nil, fmt.Errorf("lz4 frame: data beyond %d bytes", size)
	}
	if got := Sum(raw); got != sum {
		return nil, fmt.Errorf("lz4 frame: contents have sha256 %s, want %s", got, sum)
	}
	return raw, nil
}

// Sum returns the SHA-256 of b in hexadecimal.
func Sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}
