package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
)

const (
	maxFiles = 10_000
	maxPlain = 64 << 20 // bytes of all files, before compression
)

// pack puts files one behind the other: name and content, each after its length. It is sorted, so that the same files
// are the same bytes.
func pack(files map[string][]byte) []byte {
	size := 0
	for name, data := range files {
		size += len(name) + len(data) + 2*binary.MaxVarintLen32
	}
	out := make([]byte, 0, size)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		out = appendSized(out, name)
		out = appendSized(out, files[name])
	}
	return out
}

func appendSized[T string | []byte](out []byte, part T) []byte {
	return append(binary.AppendUvarint(out, uint64(len(part))), part...)
}

// unpack is the inverse of pack. The files share memory with packed.
func unpack(packed []byte) (map[string][]byte, error) {
	files := map[string][]byte{}
	last := ""
	for len(packed) > 0 {
		name, rest, err := cutSized(packed)
		if err != nil {
			return nil, err
		}
		data, rest, err := cutSized(rest)
		if err != nil {
			return nil, err
		}
		if err := checkFileName(string(name)); err != nil {
			return nil, err
		}
		if string(name) <= last {
			return nil, fmt.Errorf("file %q is out of order", name)
		}
		if len(files) == maxFiles {
			return nil, fmt.Errorf("more than %d files", maxFiles)
		}
		last, packed = string(name), rest
		files[last] = data
	}
	return files, nil
}

func cutSized(b []byte) (part, rest []byte, err error) {
	size, n := binary.Uvarint(b)
	if n <= 0 || size > uint64(len(b)-n) {
		return nil, nil, errors.New("the list of files is cut short")
	}
	end := n + int(size)
	return b[n:end:end], b[end:], nil
}
