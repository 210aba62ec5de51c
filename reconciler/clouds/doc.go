// Package clouds asks the clouds of providers what is the same for all of their nodes: what labels are made of (images,
// flavors, networks, zones), and how much quota there is.
//
// It owns when they are asked: at the start, every five minutes, sooner after something went wrong, and when told that
// an answer is out of date. It keeps the newest answer of each and says once that a cloud does not answer, or answers
// again; a cloud that does not answer holds up no other. What is asked when it is wanted (a list of what a cloud has, what
// went wrong with a node) it passes on. It decides nothing and knows no cloud by itself: a driver whose provider needs
// nothing looked up has no entry in Openers.
//
// reconciler imports it.
package clouds
