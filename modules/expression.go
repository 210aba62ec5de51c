package modules

// Expression is a Terraform expression in the place of a value of Spec.ProviderConfig: for what Terraform shall read
// itself, at each run, so that it stands in no file of ours. Only drivers make them; what a configuration says is text.
type Expression string
