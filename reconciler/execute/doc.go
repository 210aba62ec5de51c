// Package execute runs Terraform (or OpenTofu): it finds the engine, keeps initialised siblings from which workspaces
// start without an init of their own, and runs each apply or destroy in a worker process that outlives the daemon.
//
// It owns everything that happens below one workspace folder while Terraform runs. It never decides what should be
// applied and never speaks to ZooKeeper. Only reconciler packages and cmd import it.
package execute
