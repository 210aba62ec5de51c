// Package execute runs Terraform (or OpenTofu): it finds the engine, keeps initialised siblings from which workspaces
// start without an init of their own, and runs each apply or destroy in a worker process that outlives the daemon.
//
// It owns everything that happens below one workspace folder while Terraform runs, and the truth of that folder's state
// file. It never decides what should be applied and never speaks to ZooKeeper. Only reconciler packages and cmd import
// it.
//
// The life of a run: the daemon writes run/job.json, takes the lock run/lock and hands it to the worker process that
// it starts (Start). The worker runs Terraform, writes its events to run/events.jsonl, a copy of each good state to
// terraform.tfstate.good, and at the end run/result.json (RunWorker). Whoever is the daemon by then follows these
// files (Follow); a free lock without a result is a worker that was killed.
//
// A run may be given provider plugins that run already (package warm). Then Terraform is never interrupted: when its
// time is up the stream says so (RunOverdue), and it is let go on until it ends or its grace is over. A plugin that does
// not serve costs the run nothing but time: Terraform starts its own.
//
// A Place is a workspace's state in the operator's backend: states are pushed to it and pulled from it, runs never use it.
package execute
