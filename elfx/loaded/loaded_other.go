//go:build !linux

package loaded

import (
	"errors"
	"fmt"
)

var errOther = fmt.Errorf("loaded: BTF is loaded into Linux alone: %w", errors.ErrUnsupported)

func nextID(ID) (ID, error) { return 0, errOther }

// Find returns an error, since only Linux has BTF loaded.
func Find(ID) (Info, error) { return Info{}, errOther }

// Read returns an error, since only Linux has BTF loaded.
func Read(ID) ([]byte, Info, error) { return nil, Info{}, errOther }

// OfProgram returns an error, since only Linux has programs loaded.
func OfProgram(uint32) (ID, error) { return 0, errOther }
