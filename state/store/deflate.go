package store

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"sync"
)

// compressors are kept, because a new one costs far more than compressing a typical document.
var compressors = sync.Pool{New: func() any {
	w, err := flate.NewWriter(io.Discard, flate.DefaultCompression)
	if err != nil {
		panic(err) // only for a level that does not exist
	}
	return w
}}

var decompressors = sync.Pool{New: func() any { return flate.NewReader(bytes.NewReader(nil)) }}

// deflate appends the compressed form of plain to out.
func deflate(out, plain []byte) ([]byte, error) {
	buf := bytes.NewBuffer(out)
	w := compressors.Get().(*flate.Writer)
	defer compressors.Put(w)
	w.Reset(buf)
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	err := w.Close()
	return buf.Bytes(), err
}

// inflate is the inverse of deflate. It reads no further than size, which is what the result must have exactly, and
// takes memory as it goes: a few bytes of input must not claim a large size.
func inflate(compressed []byte, size int) ([]byte, error) {
	in := bytes.NewReader(compressed)
	r := decompressors.Get().(io.ReadCloser)
	defer decompressors.Put(r)
	if err := r.(flate.Resetter).Reset(in, nil); err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(io.LimitReader(r, int64(size)+1))
	if err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	if len(plain) != size || in.Len() > 0 {
		return nil, fmt.Errorf("decompress: not the %d bytes that were announced", size)
	}
	return plain, nil
}
