// Package static turns the machines of a static provider, the node records there are and what the machines answered into
// what is to be done: a pure function of values. It follows protocol.md 4.11 and operator-surface.md 6.3.
//
// A machine is registered as one READY node per slot, 0 to max-parallel-jobs-1. It is never touched: a node ends by
// losing its record, and its slot is registered anew. It does no I/O, takes no lock and decides nothing about requests:
// who gets a node is package desire's, which imports this one, as package reconciler does.
package static
