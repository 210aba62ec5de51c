// Package books is the memory of the simulated cloud: what exists, what it costs, what was there once, and what each
// project's cloud is told to do wrong.
//
// It owns a folder: a snapshot and a journal that every change is in before its caller hears of it, so that a cloud that
// is killed forgets nothing it answered for (a machine that loses power is another matter: nothing is synced). Instances
// carry the times at which they become active and go, so that no timer runs and a restart misses nothing.
//
// It speaks no protocol and starts no goroutine. The server imports it, nothing else.
package books
