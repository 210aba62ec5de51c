package desire

import "github.com/nodepool-tf/nodepool-tf/state/record"

// Used is what counts against the limits of pools and of tenants, by resource. Pools and tenants without limits are not
// counted.
func Used(v *View) (pools map[PoolKey]map[string]float64, tenants map[string]map[string]float64) {
	u := newPass(v).usage()
	return u.pools, u.tenants
}

// Waits says for the open requests why none of our pools takes them now, pool by pool. It costs what Decide does.
func Waits(v *View) map[string][]string {
	p := newPass(v)
	p.waits = map[string][]string{}
	p.handlers() // what is accepted goes first: it may pause a pool
	if !p.Draining {
		p.choose()
	}
	for id := range p.taken {
		delete(p.waits, id)
	}
	return p.waits
}

// wait notes why a pool leaves an open request alone, for Waits.
func (p *pass) wait(key PoolKey, r *record.Request, why string) {
	if p.waits != nil {
		p.waits[r.ID] = append(p.waits[r.ID], key.Provider+"/"+key.Pool+": "+why)
	}
}
