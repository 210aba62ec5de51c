// Package metastatic shares out nodes of other providers in slots: it turns the configuration of a metastatic provider,
// its backing nodes with their requests, the provider's own nodes and the clock into what is to be done. It follows
// protocol.md 7.
//
// It owns what the records of backing nodes and slots say (Mark, Place). It does no I/O and takes no lock, and who gets
// a node is package desire's to decide: here a node that is being launched gets its slot.
//
// Package reconciler and its explain import it.
package metastatic
