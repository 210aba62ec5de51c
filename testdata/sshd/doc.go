// Package sshd runs OpenSSH's real server on loopback, with host keys made here: a machine for tests of host key scans
// and of static nodes. Nobody can log in.
//
// Only tests import it.
package sshd
