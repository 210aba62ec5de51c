package execute

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// pack makes an archive of a frozen module, byte for byte the same for the same contents. What runs may have left there is
// let be: what is no regular file, cannot be read, or goes meanwhile, is none of the module's own.
func pack(dir string) ([]byte, error) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	total := int64(packedEnd)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error { // in lexical order
		if path != dir && passing(err) {
			return nil
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		mode, data, err := readSome(path)
		if passing(err) {
			return nil
		}
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if total += packedSize(name, int64(len(data))); total > maxShared {
			return fmt.Errorf("%s holds more than %d MiB: remove what runs have written there", dir, maxShared>>20)
		}
		err = w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: filepath.ToSlash(name), Size: int64(len(data)), Mode: int64(mode)})
		if err == nil {
			_, err = w.Write(data)
		}
		return err
	})
	if err == nil {
		err = w.Close()
	}
	return buf.Bytes(), err
}

func passing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)
}

// readSome reads a file, of one that is too large for a copy no more than shows it.
func readSome(path string) (mode fs.FileMode, data []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, nil, err
	}
	data, err = io.ReadAll(io.LimitReader(f, maxShared+1))
	return info.Mode().Perm(), data, err
}

// packedEnd is what ends an archive, in bytes.
const packedEnd = 2 * tarBlock

const tarBlock = 512

// packedSize is what a file takes in an archive at most, in bytes: its header, its name once more where that is long or not
// plain, its content, each in whole blocks.
func packedSize(name string, size int64) int64 {
	blocks := func(n int64) int64 { return (n + tarBlock - 1) / tarBlock * tarBlock }
	total := tarBlock + blocks(size)
	if len(name) > 100 || strings.ContainsFunc(name, func(r rune) bool { return r >= utf8.RuneSelf }) {
		total += tarBlock + blocks(int64(len(name))+32)
	}
	return total
}

// unpack takes an archive apart below dir. The archive may say anything.
func unpack(data []byte, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	r := tar.NewReader(bytes.NewReader(data))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg || !filepath.IsLocal(h.Name) {
			return fmt.Errorf("%q is not a plain file within the module", h.Name)
		}
		if err := root.MkdirAll(filepath.Dir(h.Name), 0o700); err != nil {
			return err
		}
		f, err := root.OpenFile(h.Name, os.O_CREATE|os.O_WRONLY|os.O_EXCL, fs.FileMode(h.Mode)&0o700|0o600)
		if err != nil {
			return err
		}
		if _, err := io.Copy(f, io.LimitReader(r, maxShared)); err != nil {
			f.Close()
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
}
