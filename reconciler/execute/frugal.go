package execute

import (
	"os"
	"runtime"
	"strconv"
)

// frugal sets Go's knobs for the Terraform that this process starts, as far as the operator has not set them.
//
// Its life is short and its heap small, so that much of the garbage may stay: collecting it took a tenth of the CPU time.
// With still more of it the kernel's work for fresh pages costs more than that. What a provider with a large schema needs
// is bounded, softly. And more threads than a few only wait for each other: Terraform evaluates a graph this small one
// vertex after the other.
func frugal() error {
	for k, v := range map[string]string{
		"GOGC":       "500",
		"GOMEMLIMIT": "1GiB",
		"GOMAXPROCS": strconv.Itoa(min(2, runtime.NumCPU())),
	} {
		if _, set := os.LookupEnv(k); set {
			continue
		}
		if err := os.Setenv(k, v); err != nil {
			return err
		}
	}
	return nil
}
