package sweep

// Unknown are the listed resources with our provider's name whose node has no record, whoever made them, in the order
// they were listed. One look cannot tell what has leaked from what is just being made or destroyed: that takes Memory.
func (s *Sighting) Unknown() []Resource {
	var out []Resource
	for _, r := range s.Listed {
		if s.named(r) && !s.Recorded(r.Node()) {
			out = append(out, r)
		}
	}
	return out
}
