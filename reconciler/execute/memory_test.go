package execute

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// hogArg makes the test binary a process that takes so many MiB, says so by a file, and stays until another one goes.
const hogArg = "test-hog"

func hog(mib, said, gate string) {
	n, _ := strconv.Atoi(mib)
	taken := make([]byte, n<<20)
	for i := range taken {
		taken[i] = 1
	}
	if err := os.WriteFile(said, taken[:1], 0o600); err != nil {
		panic(err)
	}
	for exists(gate) {
		time.Sleep(5 * time.Millisecond)
	}
	os.Exit(int(taken[n<<20-1]) - 1)
}

// TestMemoryOfARun: a report tells what the processes of a run took together, those of a session of their own left out,
// not what the largest of them did.
func TestMemoryOfARun(t *testing.T) {
	t.Parallel()
	const mib = 100
	gate := filepath.Join(t.TempDir(), "gate")
	write(t, gate, "")
	exe := self(t)[0]
	s := newSite(t, fmt.Sprintf(`
locals { prefix = ["", "", "setsid -w "] }
resource "terraform_data" "hog" {
  count = 3
  provisioner "local-exec" { command = "${local.prefix[count.index]}%[1]s %[2]s %[3]d %[4]s.${count.index} %[4]s" }
}
output "id" { value = 1 }`, exe, hogArg, mib, gate))
	r := s.start(t, s.workspace(t, "n1"), Job{Kind: Create, Slots: []string{"n1"}})
	for i := range 3 {
		eventually(t, "all take their memory", func() bool { return exists(fmt.Sprintf("%s.%d", gate, i)) })
	}
	// A sample follows half as long after as there was before it.
	time.Sleep(2*time.Second + time.Since(r.Job.Started))
	if err := os.Remove(gate); err != nil {
		t.Fatal(err)
	}
	rep, events := follow(t, r)
	if rep.Error != "" {
		t.Fatal(rep.Error, events)
	}
	// Two of them, Terraform and the worker make 310 MiB or so; a third would make 420.
	if got := rep.MaxRSS >> 20; got < 2*mib+50 || got > 3*mib+60 {
		t.Errorf("the run took %d MiB: two processes of %d MiB, Terraform and the worker", got, mib)
	}
}

// TestMemoryOfAShortRun: where no sample sees Terraform there is still the kernel's word.
func TestMemoryOfAShortRun(t *testing.T) {
	const child = 64 << 20
	if got := newMeter().end(child); got < child+1<<20 || got > child+1<<30 {
		t.Errorf("%d MiB of a child of 64 MiB and this process", got>>20)
	}
}
