// Command demo shows nodepool-tf at work on one machine: a real ZooKeeper, the daemon, Terraform
// and one real OpenSSH server per node. It plays Zuul's part: writes a request, takes the nodes,
// logs in, gives them back.
//
// It owns the story and everything it starts, and leaves nothing behind, however it ends. It
// proves nothing that a test should; it may import state and testdata, and drives the daemon
// through its command line only.
package main
