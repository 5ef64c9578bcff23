package main

import "encoding/binary"

// order alternates byte orders, so that seeds have both.
func order(row int) binary.ByteOrder {
	if row%2 == 0 {
		return binary.BigEndian
	}
	return binary.LittleEndian
}
