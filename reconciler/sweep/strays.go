package sweep

// strays are resources of nodes that live: a run that was killed had made them, its state never knew, and another
// attempt made what the node uses now. Their node's record would protect them for as long as it lives. They are told by
// the states of the node's workspaces, and only where those and the list are seen to speak of ids in the same way: all
// that the states hold of the type is in the list, and this is not among it.
func (s *Sighting) strays(listed map[Key]Resource) map[Key]bool {
	type kind struct{ node, typ string }
	groups := map[kind][]Key{}
	for key, r := range listed {
		if s.ours(r) && s.own(r) && s.Recorded(r.Node()) && s.Held(r.Node()) {
			k := kind{r.Node(), r.Type}
			groups[k] = append(groups[k], key)
		}
	}
	out := map[Key]bool{}
	for k, keys := range groups {
		if len(keys) < 2 {
			continue
		}
		if holds, ok := s.State(k.node); ok && confirmed(holds, k.typ, listed) {
			for _, key := range keys {
				if !holds[key] {
					out[key] = true
				}
			}
		}
	}
	return out
}

// confirmed reports whether states hold something of a type, all of which is listed.
func confirmed(holds map[Key]bool, typ string, listed map[Key]Resource) bool {
	some := false
	for key := range holds {
		if key.Type != typ {
			continue
		}
		if _, there := listed[key]; !there {
			return false
		}
		some = true
	}
	return some
}
