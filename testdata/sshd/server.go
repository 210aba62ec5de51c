package sshd

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
)

// Path is Debian's.
const Path = "/usr/sbin/sshd"

// Server is a running sshd.
type Server struct {
	// Keys are the public lines of its host keys, in the order asked for.
	Keys []string

	cmd *exec.Cmd
	log bytes.Buffer
}

// Start runs a server on addr and port with one host key of each kind, kept in dir from one start to the next. It may
// take a moment to listen.
func Start(dir, addr string, port int, kinds ...string) (*Server, error) {
	if _, err := os.Stat(Path); err != nil {
		return nil, fmt.Errorf("%s is missing, install Debian's openssh-server: %w", Path, err)
	}
	if os.Getuid() == 0 { // sshd as root wants its privilege separation folder
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			return nil, err
		}
	}
	s := &Server{}
	args := []string{
		"-D", "-e", "-f", "/dev/null", "-o", "PidFile=none", "-o", "UsePAM=no",
		"-o", fmt.Sprintf("ListenAddress=%s", net.JoinHostPort(addr, fmt.Sprint(port))),
	}
	for _, kind := range kinds {
		file := filepath.Join(dir, kind)
		key, err := HostKey(file, kind)
		if err != nil {
			return nil, err
		}
		s.Keys = append(s.Keys, key)
		args = append(args, "-h", file)
	}
	s.cmd = exec.Command(Path, args...)
	s.cmd.Stderr = &s.log
	return s, s.cmd.Start()
}

// Stop ends the server and returns what it said.
func (s *Server) Stop() string {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	return s.log.String()
}

// FreePort finds a port of addr that nobody listens on.
func FreePort(addr string) (int, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(addr, "0"))
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
