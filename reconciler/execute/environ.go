package execute

import (
	"os"
	"strings"

	"github.com/hashicorp/terraform-exec/tfexec"
)

// Environ is the environment every Terraform run gets: the daemon's own, because providers find their credentials
// there, without the variables that would change what a run does behind our back (TF_CLI_ARGS, TF_VAR_*, ...).
func Environ() map[string]string {
	env := map[string]string{}
	for _, kv := range os.Environ() {
		k, v, _ := strings.Cut(kv, "=")
		env[k] = v
	}
	env = tfexec.CleanEnv(env)
	delete(env, "TF_DATA_DIR")         // each workspace keeps its own
	delete(env, "TF_PLUGIN_CACHE_DIR") // unsafe under concurrent init (field-notes.md A2)
	delete(env, runMark)               // of a run that the daemon itself is part of
	env["CHECKPOINT_DISABLE"] = "1"
	for k, v := range ours {
		if _, set := env[k]; !set {
			env[k] = v
		}
	}
	return env
}

// ours are variables that the operator's environment overrides.
//
// Provider plugins made with HashiCorp's libraries write a trace of each call, and leave it to Terraform to drop it: a
// quarter of their CPU time, and all of it in the file that takes a warm plugin's standard error. The names are those of
// terraform-plugin-go, terraform-plugin-framework and terraform-plugin-sdk.
var ours = map[string]string{
	"TF_LOG_SDK":                 "WARN",
	"TF_LOG_SDK_PROTO":           "WARN",
	"TF_LOG_SDK_FRAMEWORK":       "WARN",
	"TF_LOG_SDK_HELPER_SCHEMA":   "WARN",
	"TF_LOG_SDK_HELPER_RESOURCE": "WARN",
}
