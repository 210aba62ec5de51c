package execute

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestSinkNeverFails(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	s := &sink{f: full}
	dump := `{"@level":"info","@message":"Emergency state dump","state":` + strings.ReplaceAll(stateText("7", "l"), "\n", "") + `}` + "\n"
	lines := []string{"{\"type\":\"apply_start\"}\n", dump, "no event\n", strings.Repeat("x", 1<<20) + "\n"}
	for range 20 { // more than it keeps
		for _, l := range lines {
			if n, err := s.Write([]byte(l)); n != len(l) || err != nil {
				t.Fatalf("%d of %d: %v", n, len(l), err)
			}
		}
	}
	if len(s.pending) > maxPending {
		t.Errorf("%d bytes in memory", len(s.pending))
	}
	dir := t.TempDir()
	if err := s.flush(dir); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("flush to a full disk: %v", err)
	}
	if v, err := ReadState(dir); err != nil || v.Serial != 7 {
		t.Errorf("the state dump: %+v %v", v, err)
	}
	if s.f, err = os.Create(filepath.Join(dir, "events")); err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if err := s.flush(dir); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "events"))
	if err != nil || !strings.HasPrefix(string(data), lines[0]+lines[2]+lines[3]+lines[0]) || strings.Contains(string(data), "Emergency") {
		t.Errorf("events: %v, %d bytes", err, len(data))
	}
}

func TestWriteFileLeavesNoHalf(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	for _, f := range []func(string, []byte) error{WriteFile, WriteDurable} {
		if err := f(path, []byte("new")); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v %v", info, err)
		}
		if err := f(filepath.Join(dir, "none", "f"), nil); !os.IsNotExist(err) {
			t.Errorf("into no folder: %v", err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "d"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(filepath.Join(dir, "d"), nil); err == nil {
		t.Error("a folder was replaced")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.tmp")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}
