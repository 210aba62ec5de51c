// Package admin does what operators ask of the records in ZooKeeper: hold, delete, erase, pause, ask for an image. It
// reads and writes ZooKeeper directly, without a cache and without a launcher.
//
// It never touches a cloud and never runs Terraform: a node's resources are in the workspaces of one launcher, and only
// that one (or who takes its workspaces over) can destroy them. So deleting means saying so in the record, as the
// protocol has it, and telling the operator who is expected to act.
//
// What it refuses it refuses with a Refusal, whose text names the next command. cmd and the web pages import it.
package admin
