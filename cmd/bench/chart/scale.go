package chart

import "math"

// scale maps values to places along an axis.
type scale struct {
	log      bool
	low, top float64 // values at its ends
	from, to float64 // places
	marks    []float64
}

// newScale covers values from 0, or from a power of ten on a logarithmic axis.
func newScale(log bool, values []float64, from, to float64) scale {
	s := scale{log: log, from: from, to: to}
	least, most := math.Inf(1), 0.0
	for _, v := range values {
		if v > 0 {
			least, most = min(least, v), max(most, v)
		}
	}
	if most == 0 {
		least, most = 1, 1
	}
	if !log {
		step := niceStep(most / 4)
		s.top = math.Ceil(most*1.02/step) * step
		for v := 0.0; v <= s.top*1.0001; v += step {
			s.marks = append(s.marks, v)
		}
		return s
	}
	s.low = math.Pow(10, math.Floor(math.Log10(least)))
	s.top = most * 1.3
	for v := s.low; v <= s.top; v *= 10 {
		s.marks = append(s.marks, v)
	}
	if len(s.marks) < 2 {
		s.marks = append(s.marks, s.low*10)
		s.top = max(s.top, s.low*10)
	}
	return s
}

// niceStep is 1, 2 or 5 times a power of ten.
func niceStep(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5} {
		if v <= m*power {
			return m * power
		}
	}
	return 10 * power
}

func (s scale) at(v float64) float64 {
	share := v / s.top
	if s.log {
		share = (math.Log10(max(v, s.low)) - math.Log10(s.low)) / (math.Log10(s.top) - math.Log10(s.low))
	}
	return s.from + share*(s.to-s.from)
}
