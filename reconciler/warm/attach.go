package warm

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"time"
)

// Attachment is what a run must know of a running plugin to use it.
type Attachment struct {
	Provider string `json:"provider"` // source address, e.g. registry.terraform.io/hashicorp/aws
	Protocol int    `json:"protocol"` // of the plugin: 5 or 6
	PID      int    `json:"pid"`
	Network  string `json:"network"`
	Address  string `json:"address"`
	Dir      string `json:"dir"` // the process's folder
}

// The part of HTTP/2 that shows a server to be alive (RFC 9113, 3.4 and 4.1): who connects says the preface and an empty
// SETTINGS frame, and hears a SETTINGS frame.
const (
	http2Preface  = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	frameHeader   = 9
	frameType     = 3 // byte of the header
	frameSettings = 4
)

// Ping asks the plugin whether it serves. That it can be connected to is not enough: the kernel takes connections for a
// process that hangs.
func (a Attachment) Ping(within time.Duration) error {
	conn, err := net.DialTimeout(a.Network, a.Address, within)
	if err != nil {
		return fmt.Errorf("plugin of %s: %w", a.Provider, err)
	}
	defer conn.Close()
	settings := make([]byte, frameHeader)
	settings[frameType] = frameSettings
	_ = conn.SetDeadline(time.Now().Add(within))
	answer := make([]byte, frameHeader)
	if _, err = conn.Write(append([]byte(http2Preface), settings...)); err == nil {
		_, err = io.ReadFull(conn, answer)
	}
	if err != nil {
		return fmt.Errorf("plugin of %s: %w", a.Provider, err)
	}
	if answer[frameType] != frameSettings || binary.BigEndian.Uint32(answer[5:])&^(1<<31) != 0 {
		return fmt.Errorf("plugin of %s answers something else than gRPC", a.Provider)
	}
	return nil
}
