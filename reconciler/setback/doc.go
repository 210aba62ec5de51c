// Package setback remembers what clouds refused lately, and for how long it is no use to ask again: a pool whose quota
// is used up, an offering (one of a label's choices) without capacity, a label that is refused for its credentials or
// its configuration.
//
// It starts nothing and reads no clock: who tells it something gives the time, and New the dice of its jitter. What it
// knows is lost with the process, which costs each mark one attempt to learn again.
package setback
