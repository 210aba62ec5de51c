// Package explain puts together why a request or node is as it is: what its record says, what the rules make of it, which
// workspace has its resources, what its launcher remembers, and what an operator can do next.
//
// The rules are those of package desire, run on what ZooKeeper and the configuration say; a running launcher runs them on
// what it knows besides (what clouds refused, what is under way) and adds its journal. It reads only, and takes no lock.
// The launcher, package admin and cmd import it.
package explain
