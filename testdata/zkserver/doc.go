// Package zkserver runs real ZooKeeper servers for tests, the demo and the
// benchmark: on loopback, on free ports, in a folder of the caller's.
//
// It owns the processes it starts and stops them by pid; they die with the
// program that started them. It never skips: without Java or ZooKeeper the
// error names the Debian package.
//
// Tests, cmd/demo and cmd/bench may import it, nothing else. Tests have more
// convenience in zktest.
package zkserver
