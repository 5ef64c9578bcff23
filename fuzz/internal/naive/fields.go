package naive

// A Field is a named member of a struct or union, or of an anonymous one in it.
type Field struct {
	Name string
	// Offset and Size are in bits, from the start of the outermost struct.
	Offset, Size uint64
	Bitfield     bool
	// Type is the member's, 0 if it is missing.
	Type uint32
}

// Fields returns the named members of a struct or union in the order of their declaration, those of
// anonymous members where these stand. It recurses, and is for sound types alone.
func (t Type) Fields() (fields []Field) {
	if !t.is(kindStruct, kindUnion) {
		return nil
	}
	for _, e := range t.Elems() {
		target, _ := t.Blob.ByID(e.Target)
		if e.Name != "" {
			f := Field{Name: e.Name, Offset: uint64(e.Offset), Type: e.Target}
			size, _ := target.Sizeof()
			if f.Size = size * 8; e.BitsOK {
				f.Offset, f.Size, f.Bitfield = uint64(e.BitsOff), uint64(e.BitsSize), true
			}
			fields = append(fields, f)
			continue
		}
		for _, f := range target.SkipModifiers().Fields() {
			f.Offset += uint64(e.Offset)
			fields = append(fields, f)
		}
	}
	return fields
}

// Composites returns the section's own structs and unions.
func (b *Blob) Composites() (types []Type) {
	for _, t := range b.Types {
		if t.is(kindStruct, kindUnion) {
			types = append(types, t)
		}
	}
	return types
}

// Array returns the elements' type of an array and how many there are; 0 for all else.
func (t Type) Array() (elem Type, n uint32) {
	if !t.is(kindArray) {
		return Type{}, 0
	}
	elem, _ = t.follow()
	return elem, t.word(5)
}

// Pointer returns what a pointer points to.
func (t Type) Pointer() (target Type, ok bool) {
	if !t.is(kindPtr) {
		return Type{}, false
	}
	return t.follow()
}
