// Package preview says what a launcher is about to do, before it does it.
//
// It carries out, in memory and at once, what package desire decides, until nothing is left to decide (Foresee), and puts
// the outcome into words (Plan, as text or JSON). Every launch is taken to succeed and nobody else to do anything
// meanwhile; what a launcher has in hand already is left alone. It owns no rule: which request is served, which node
// goes, is desire's.
//
// It never does I/O but to write to what it is given, and never looks at a clock. Only package reconciler and cmd import
// it.
package preview
