package naive

// Named returns the ids of the types with the name, over the chain; "" finds the anonymous.
func (b *Blob) Named(name string) (ids []uint32) {
	for _, s := range b.Chain() {
		ids = append(ids, s.Own(name)...)
	}
	return ids
}

// Own returns the ids of the section's own types with the name; "" finds the anonymous. The
// first call puts all names into a map, which takes their summed length in memory.
func (b *Blob) Own(name string) []uint32 {
	b.namesOnce.Do(func() {
		b.names = map[string][]uint32{}
		for _, t := range b.Types {
			if name := t.Name(); name != "" || t.IsAnonymous() {
				b.names[name] = append(b.names[name], t.ID)
			}
		}
	})
	return b.names[name]
}
