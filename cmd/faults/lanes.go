package main

import (
	"math/rand/v2"
	"time"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

// lane is a resource that can be at fault in one way at a time. Lanes overlap, events of one do not.
type lane struct {
	name     string
	gap      span // from the end of one event to the next
	length   span // of an event, unless it is over at once
	ops      []choice
	instants []Op
}

type span struct{ from, to time.Duration }

func (s span) draw(r *rand.Rand) time.Duration {
	return (s.from + time.Duration(r.Float64()*float64(s.to-s.from))).Round(100 * time.Millisecond)
}

type choice struct {
	op     Op
	weight int
	fault  api.FaultKind
	on     []api.Op
}

const second = time.Second

var lanes = []lane{
	{name: "launcher", gap: span{12 * second, 40 * second}, length: span{0, 8 * second}, ops: []choice{{op: Kill, weight: 5}, {op: Term, weight: 3}, {op: TermTwice, weight: 2}, {op: HostLost, weight: 1}}},
	{name: "processes", gap: span{8 * second, 25 * second}, ops: []choice{{op: KillTerraform, weight: 1}, {op: KillPlugin, weight: 1}}},
	{name: "zookeeper", gap: span{20 * second, 60 * second}, length: span{2 * second, 15 * second}, ops: []choice{{op: KillServer, weight: 1}}},
	{name: "line", gap: span{15 * second, 50 * second}, length: span{500 * time.Millisecond, 12 * second}, ops: []choice{{op: Expire, weight: 1}, {op: Partition, weight: 1}}, instants: []Op{Expire}},
	{name: "disk", gap: span{30 * second, 80 * second}, length: span{2 * second, 12 * second}, ops: []choice{{op: DiskFull, weight: 1}, {op: Refuse, weight: 1}}},
	{name: "clock", gap: span{20 * second, 60 * second}, ops: []choice{{op: Clock, weight: 1}}},
	{name: "configuration", gap: span{10 * second, 35 * second}, length: span{1 * second, 10 * second}, ops: []choice{{op: Reload, weight: 1}}},
	{name: "machines", gap: span{25 * second, 70 * second}, length: span{1 * second, 12 * second}, ops: []choice{{op: MachineDown, weight: 1}}},
	{name: "python", gap: span{30 * second, 100 * second}, length: span{0, 15 * second}, ops: []choice{{op: KillPython, weight: 1}}},
	{name: "cloud", gap: span{3 * second, 20 * second}, length: span{3 * second, 20 * second}, ops: []choice{
		{op: Cloud, weight: 2, fault: api.Error, on: []api.Op{api.Create, api.Delete, api.Every}},
		{op: Cloud, weight: 1, fault: api.NoQuota, on: []api.Op{api.Create}},
		{op: Cloud, weight: 1, fault: api.Capacity, on: []api.Op{api.Create}},
		{op: Cloud, weight: 2, fault: api.Throttle, on: []api.Op{api.Create, api.Every}},
		{op: Cloud, weight: 2, fault: api.Hang, on: []api.Op{api.Create, api.Get, api.Delete}},
		{op: Cloud, weight: 2, fault: api.Lost, on: []api.Op{api.Create, api.Delete}},
		{op: Cloud, weight: 1, fault: api.Broken, on: []api.Op{api.Create}},
		{op: Cloud, weight: 1, fault: api.Vanish, on: []api.Op{api.Create}},
	}},
}
