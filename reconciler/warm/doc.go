// Package warm keeps provider plugins running, so that Terraform reattaches to them instead of starting its own at each
// run (three or four times in one apply).
//
// It owns the folder plugins of a state directory: one folder per process, with its record, its sockets and its output.
// It never runs Terraform, never decides what is run, and does nothing that a run needs: where it has no plugin to offer,
// Terraform starts its own. Packages execute and workspace import it; it imports none of the
// reconciler's.
//
// One process serves one provider configuration, because it has but one. A process ends when nobody uses it and it is
// used up, dead, or of a daemon before. Who uses it holds a shared lock on its file "use": the daemon takes it for each
// run, and the run's worker inherits it, so there is no moment at which a process in use looks free, whoever dies.
//
// A shared process must never be told to stop: Terraform, when interrupted, has the provider cancel every operation, also
// those of other runs. Whoever runs Terraform with an Attachment must not interrupt it.
package warm
