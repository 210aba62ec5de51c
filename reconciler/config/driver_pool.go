package config

import (
	"bytes"
	"encoding/json"

	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// pool reads one pool of a terraform provider and adds it, replacing an earlier
// one of the same name.
func (l *loader) pool(m *schema.Mapping, p *Provider, spec specParts) {
	name, ok := m.Name("name", "E-REQ", "a pool needs a name")
	pool := &Pool{
		Name:           name,
		Provider:       p,
		Priority:       m.Int("priority", p.Priority),
		NodeAttributes: nodeAttributes(m),
		UseInternalIP:  m.Bool("use-internal-ip", false),
		Labels:         map[string]*PoolLabel{},
	}
	pool.limit(m)
	checkHostKeys := m.Bool("host-key-checking", true)
	for _, f := range m.List("labels") {
		if entry, ok := f.Mapping(); ok {
			l.poolLabel(entry, pool, spec, checkHostKeys)
		}
	}
	m.Done()
	if ok {
		p.add(pool, m)
	}
}

// add adds a pool, replacing an earlier one of the same name.
func (p *Provider) add(pool *Pool, m *schema.Mapping) {
	for i, old := range p.Pools {
		if old.Name == pool.Name {
			m.Warn("W-DUP-POOL", "pool %s is defined twice; the last one is used", pool.Name)
			p.Pools[i] = pool
			return
		}
	}
	p.Pools = append(p.Pools, pool)
}

// limit adds the pool's limits. The named options win over max-resources.
func (p *Pool) limit(m *schema.Mapping) {
	p.Limits = amounts(m, "max-resources")
	p.MaxServers = count(m, "max-servers")
	for resource, n := range map[string]*int{
		"instances": p.MaxServers, "cores": count(m, "max-cores"), "ram": count(m, "max-ram"),
	} {
		if n != nil {
			p.Limits[resource] = float64(max(0, *n))
		}
	}
}

// count reads an integer whose absence means something; nil then.
func count(m *schema.Mapping, key string) *int {
	if f, ok := m.Some(key, "integer"); ok {
		if n, ok := f.Int(); ok {
			return &n
		}
	}
	return nil
}

// amounts reads a mapping of resource names to quantities.
func amounts(m *schema.Mapping, key string) map[string]float64 {
	out := map[string]float64{}
	section := m.Map(key)
	if section == nil {
		return out
	}
	section.Each(func(name string, f schema.Field) {
		n, ok := f.Number()
		if ok && n < 0 {
			f.Error("E-RANGE", "expected 0 or more")
			return
		}
		if ok {
			out[name] = n
		}
	})
	return out
}

// nodeAttributes returns the JSON object that Zuul gets with each node.
func nodeAttributes(m *schema.Mapping) json.RawMessage {
	section := m.Map("node-attributes")
	if section == nil {
		return nil
	}
	tree, ok := section.Tree()
	if !ok {
		return nil
	}
	return jsonObject(tree.(map[string]any))
}

// jsonObject writes a plain tree of finite numbers, which cannot fail; nil for nil.
func jsonObject(tree map[string]any) json.RawMessage {
	if tree == nil {
		return nil
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if enc.Encode(tree) != nil {
		return nil
	}
	return bytes.TrimSpace(out.Bytes())
}
