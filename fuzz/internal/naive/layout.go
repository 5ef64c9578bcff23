package naive

// Align returns the alignment of a value in bytes, 0 if it has none, as a compiler for BPF or the
// kernel lays types out. It recurses, and is for sound types alone.
func (t Type) Align() uint32 {
	t = t.SkipModifiers()
	pointer := uint32(8)
	if !t.IsVoid() {
		pointer = uint32(t.Blob.PointerSize())
	}
	switch t.Kind() {
	case kindInt, kindEnum, kindEnum64, kindFloat:
		return min(t.word(2), pointer)
	case kindPtr:
		return pointer
	case kindArray:
		elem, _ := t.follow()
		return elem.Align()
	case kindStruct, kindUnion:
		return t.alignMembers()
	}
	return 0
}

// alignMembers returns the greatest alignment of the members; 1 if a member or the end is not
// aligned; 0 if a member before has no alignment.
func (t Type) alignMembers() uint32 {
	most := uint32(1)
	for _, e := range t.Elems() {
		align := t.at(e.Target).Align()
		switch {
		case align == 0:
			return 0
		case e.Width == 0 && uint64(e.Offset)%(8*uint64(align)) != 0:
			return 1
		}
		most = max(most, align)
	}
	if t.word(2)%most != 0 {
		return 1
	}
	return most
}

// Packed tells structs and unions that are not laid out as their members' alignment asks.
func (t Type) Packed() bool {
	most := uint32(1)
	for _, e := range t.Elems() {
		align := t.at(e.Target).Align()
		if align != 0 && e.Width == 0 && uint64(e.Offset)%(8*uint64(align)) != 0 {
			return true
		}
		most = max(most, align)
	}
	return t.word(2)%most != 0
}

func (t Type) at(id uint32) Type {
	found, _ := t.Blob.ByID(id)
	return found
}

// Used returns which bits of a struct or union direct members cover, up to its size.
func (t Type) Used() []bool {
	used := make([]bool, 8*t.word(2))
	for _, e := range t.Elems() {
		size, _ := t.at(e.Target).Sizeof()
		off, size := uint64(e.Offset), 8*size
		if e.BitsOK {
			off, size = uint64(e.BitsOff), uint64(e.BitsSize)
		}
		for i := off; i < off+size && i < uint64(len(used)); i++ {
			used[i] = true
		}
	}
	return used
}
