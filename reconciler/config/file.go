package config

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"

	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// file is one file after substitution; root is nil when it is empty or broken.
type file struct {
	text []byte
	root *schema.Value
	ok   bool
}

// open reads, substitutes and parses a file.
func open(rep *schema.Report, path string, env []string) file {
	raw, err := readLimited(absolute(path))
	if err != nil {
		rep.Add(Issue{File: path, Code: "E-READ", Severity: Error, Text: "cannot read the file: " + err.Error()})
		return file{}
	}
	text := schema.Substitute(raw, env)
	root, issues := schema.Parse(path, text)
	rep.Add(issues...)
	return file{text, root, !HasErrors(issues)}
}

// readLimited reads at most one byte more than Parse accepts, so that a wrong
// path (a disk image, /dev/zero) cannot fill the memory.
func readLimited(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, reason(err)
	}
	if info.IsDir() {
		return nil, errors.New("it is a directory")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, reason(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, schema.MaxSize+1))
	return data, reason(err)
}

// reason drops the path of a path error, which the issue names already.
func reason(err error) error {
	if path := new(fs.PathError); errors.As(err, &path) {
		return path.Err
	}
	return err
}

// mapping is the top level of the main file.
func (f file) mapping(rep *schema.Report) (*schema.Mapping, bool) {
	if !f.ok {
		return nil, false
	}
	found := "the file is empty"
	if f.root != nil {
		found = fmt.Sprintf("found a %s", f.root.Kind)
	}
	if f.root == nil || f.root.Kind != schema.Map {
		rep.Root(f.root).Error("E-EMPTY", "top level must be a mapping; %s", found)
		return nil, false
	}
	return rep.Root(f.root).Mapping()
}

// optionalMapping is the top level of the secure file, which may be empty.
func (f file) optionalMapping(rep *schema.Report) (*schema.Mapping, bool) {
	if !f.ok || f.root == nil || f.root.Kind == schema.Null {
		return nil, false
	}
	return f.mapping(rep)
}

// contentHash tells configurations apart, both files after substitution.
type contentHash struct{ hash.Hash }

func newHash(text []byte) contentHash {
	h := contentHash{sha256.New()}
	h.add(text)
	return h
}

// add puts the length first, so that no text can move from one file to the other.
func (h contentHash) add(text []byte) {
	var size [8]byte
	binary.BigEndian.PutUint64(size[:], uint64(len(text)))
	h.Write(size[:])
	h.Write(text)
}

// Digest is the Hash that Load would give the files as they are now, whatever is in them. The error names the file that
// cannot be read.
func Digest(path, secure string, env []string) (string, error) {
	main, err := readLimited(absolute(path))
	if err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	hash := newHash(schema.Substitute(main, env))
	if secure != "" {
		over, err := readLimited(absolute(secure))
		if err != nil {
			return "", fmt.Errorf("read %s: %w", secure, err)
		}
		hash.add(schema.Substitute(over, env))
	}
	return hash.hex(), nil
}

// providerHash tells providers apart: what is written about one and, if it uploads any, about the images of the builder,
// which its labels take settings from. Where it is written does not matter.
func (l *loader) providerHash(m *schema.Mapping) string {
	hash := newHash(fmt.Appendf(nil, "%#v", m.Value().Go())) // with the keys of mappings in order
	if m.Value().Get("diskimages") != nil {
		hash.add(fmt.Appendf(nil, "%#v", l.imageText))
	}
	return hash.hex()
}

func (h contentHash) hex() string { return hex.EncodeToString(h.Sum(nil)) }
