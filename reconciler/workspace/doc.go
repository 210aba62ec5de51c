// Package workspace keeps the Terraform workspaces of a launcher: many small folders, each holding the module blocks of
// a few nodes. It decides which nodes go out together (group commit), runs creates and destroys with bounded
// concurrency, and tells node by node what came of it.
//
// It owns the state directory. It knows nodes only by their ids and never speaks to ZooKeeper; the launcher asks it to
// launch and destroy and acts on the outcomes. Only package reconciler and cmd import it.
//
// Two rules keep it free of races and of waiting. A workspace that is busy belongs to one goroutine, its owner: only the
// owner touches the folder. What is in memory (records, queues, outcomes) is guarded by Manager.mu, which is never held
// while a file is read or written.
package workspace
