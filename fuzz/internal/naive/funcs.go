package naive

// Traceable tells functions whose arguments a trampoline takes, as kernel/bpf/btf.c says of Linux
// 6.18.
func (t Type) Traceable() bool {
	proto, ok := t.proto()
	if !ok || !t.is(kindFunc) || len(proto.Elems()) > 12 {
		return false
	}
	if id := proto.word(2); id != 0 {
		ret, found := t.Blob.ByID(id)
		if ret = ret.SkipModifiers(); !found || !ret.is(kindPtr, kindInt, kindEnum, kindEnum64) {
			return false
		}
	}
	for _, e := range proto.Elems() {
		param, found := t.Blob.ByID(e.TargetID)
		param = param.SkipModifiers()
		if e.TargetID == 0 || !found || param.IsVoid() {
			return false
		}
		size, ok := param.Sizeof()
		if param.is(kindPtr, kindInt, kindEnum, kindEnum64, kindStruct, kindUnion) && ok &&
			(size > 0 || param.is(kindPtr)) && size <= 16 {
			continue
		}
		return false
	}
	return true
}

// PointsTo returns the index of the first parameter that is a pointer to a struct of the name, or
// to one that is only declared; -1 if there is none.
func (t Type) PointsTo(name string) int {
	for i, e := range t.Elems() {
		target, ok := t.at(e.Target).SkipModifiers().Pointer()
		target = target.SkipModifiers()
		if ok && target.Name() == name &&
			(target.is(kindStruct) || target.is(kindFwd) && !target.flag()) {
			return i
		}
	}
	return -1
}
