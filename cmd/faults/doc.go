// Command faults runs the launcher through a bad day: real ZooKeeper (three servers), real Terraform, a simulated cloud
// with books of its own, machines with a real sshd, Nodepool's own launcher beside ours, Zuul's own client asking and
// somebody looking at the pages all the while, and a random schedule of faults and of changes to the configuration. At
// the end everything is put right, and what is left must add up: cloud, machines, ZooKeeper, processes, disk.
//
// The schedule (schedule.go, lanes.go) is a pure function of the seed; what each fault is stands in an op_*.go, how the
// end is judged in judge*.go. It drives the launcher from outside only, may import state and testdata, and leaves nothing
// behind. Its mounts are in a name space of its own.
package main
