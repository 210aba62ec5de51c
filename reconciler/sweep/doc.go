// Package sweep decides what a list of everything that a provider's cloud has means: which resources carry our tags and
// belong to nobody (leaked), how many of them may be removed now, and which nodes seem to have vanished. It is all
// values: it reads no clock, runs nothing and removes nothing.
//
// A leak is never a guess of one moment. A resource is leaked when two lists in a row, a minute or more apart, show it
// with our provider's name and a node that has no record and is in no workspace. One that looks so and another launcher
// made must also be older than any launch can take: that launcher may still be making it.
package sweep
