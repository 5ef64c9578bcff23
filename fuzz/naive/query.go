package naive

// Named returns the ids of the types with the name, over the chain; "" finds the anonymous.
func (b *Blob) Named(name string) []uint32 {
	return b.filter(func(t Type) bool {
		if name == "" {
			return t.IsAnonymous()
		}
		return t.Name() == name
	})
}

// filter returns the ids of the types for which keep is true, ascending, over the chain.
func (b *Blob) filter(keep func(Type) bool) (ids []uint32) {
	for _, s := range b.Chain() {
		for _, t := range s.Types {
			if keep(t) {
				ids = append(ids, t.ID)
			}
		}
	}
	return ids
}
