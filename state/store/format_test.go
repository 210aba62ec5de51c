package store

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func testKey(tb testing.TB, secret string) *Key {
	tb.Helper()
	k, err := NewKey(secret, []byte("tree"))
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

// decode is what Get does without ZooKeeper.
func decode(key *Key, id string, data, chunkBody []byte) (Document, error) {
	h, line, body, err := parseHeader(data)
	if err != nil {
		return Document{}, err
	}
	if h.Chunks != nil {
		body = chunkBody
	}
	return unsealDocument(key, id, h, line, body)
}

var example = Document{
	Provider: "cloud", Engine: "terraform", Base: "0123", Serial: 3, Run: &Run{Kind: "create", Within: time.Hour},
	Files: map[string][]byte{"record.json": []byte(`{"a":1}`), "terraform.tfstate": bytes.Repeat([]byte("state "), 100)},
}

func TestDocumentsComeBackAsTheyWere(t *testing.T) {
	k := testKey(t, "correct horse battery")
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[A-Za-z0-9_][A-Za-z0-9._-]{0,20}`)
		d := Document{
			Provider: name.Draw(t, "provider"), Engine: name.Draw(t, "engine"), Base: name.Draw(t, "base"),
			Serial: rapid.Uint64().Draw(t, "serial"),
			Files:  rapid.MapOfN(name, rapid.SliceOf(rapid.Byte()), 0, 5).Draw(t, "files"),
		}
		if rapid.Bool().Draw(t, "run") {
			d.Run = &Run{Kind: name.Draw(t, "kind"), Within: time.Duration(rapid.Int64Min(0).Draw(t, "within"))}
		}
		for _, key := range []*Key{nil, k} {
			s, err := sealDocument(key, "w", d)
			if err != nil {
				t.Fatal(err)
			}
			got, err := decode(key, "w", s.data, s.body)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(d, got); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

// What operators and other launchers may see without the key, and what not.
func TestTheHeaderIsReadableAndTheRestIsNot(t *testing.T) {
	s, err := sealDocument(testKey(t, "correct horse battery"), "w", example)
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := bytes.Cut(s.data, []byte("\n"))
	var h map[string]any
	if err := json.Unmarshal(line, &h); err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]any{"format": 1.0, "provider": "cloud", "engine": "terraform", "base": "0123", "serial": 3.0, "cipher": "aes-256-gcm"} {
		if h[field] != want {
			t.Errorf("%s is %v, want %v", field, h[field], want)
		}
	}
	for _, secret := range []string{"record.json", "tfstate", "state state"} {
		if bytes.Contains(s.data, []byte(secret)) {
			t.Errorf("%q can be read", secret)
		}
	}
}

// Every bit counts, of the header too, with a key and without.
func TestTamperedBytesAreNoticed(t *testing.T) {
	for name, key := range map[string]*Key{"plain": nil, "encrypted": testKey(t, "correct horse battery")} {
		s, err := sealDocument(key, "w", example)
		if err != nil {
			t.Fatal(err)
		}
		for i := range s.data {
			for bit := range 8 {
				bad := bytes.Clone(s.data)
				bad[i] ^= 1 << bit
				if d, err := decode(key, "w", bad, nil); err == nil {
					t.Fatalf("%s: bit %d of byte %d makes no difference: %+v", name, bit, i, d)
				}
			}
			if _, err := decode(key, "w", s.data[:i], nil); err == nil {
				t.Fatalf("%s: cut after %d bytes", name, i)
			}
		}
		if _, err := decode(key, "w", append(bytes.Clone(s.data), 0), nil); err == nil {
			t.Errorf("%s: something was added", name)
		}
		if _, err := decode(key, "other", s.data, nil); err == nil {
			t.Errorf("%s: it was put in another one's place", name)
		}
	}
}

func TestKeys(t *testing.T) {
	one, same, two := testKey(t, "the first of all keys"), testKey(t, "the first of all keys"), testKey(t, "the second of all keys")
	salted, err := NewKey("the first of all keys", []byte("another tree"))
	if err != nil {
		t.Fatal(err)
	}
	if one.ID() != same.ID() || one.ID() == two.ID() || one.ID() == salted.ID() || len(one.ID()) != 12 {
		t.Errorf("ids %s %s %s %s", one.ID(), same.ID(), two.ID(), salted.ID())
	}
	for _, short := range []string{"", "123456789012345"} {
		if _, err := NewKey(short, nil); err == nil || !strings.Contains(err.Error(), "openssl rand") {
			t.Errorf("a secret of %d bytes: %v", len(short), err)
		}
	}
	for _, shown := range []string{fmt.Sprint(one), fmt.Sprintf("%+v %#v", one, one)} {
		if !strings.Contains(shown, one.ID()) || strings.Contains(shown, hex.EncodeToString(one.secret)) || strings.Contains(shown, "secret") {
			t.Errorf("printed as %s", shown)
		}
	}
	sealed := func(k *Key) []byte {
		s, err := sealDocument(k, "w", example)
		if err != nil {
			t.Fatal(err)
		}
		return s.data
	}
	if _, err := decode(same, "w", sealed(one), nil); err != nil {
		t.Error(err)
	}
	if bytes.Equal(sealed(one), sealed(one)) {
		t.Error("encrypted alike twice")
	}
	for name, c := range map[string]struct {
		ours *Key
		data []byte
		says []string
	}{
		"another key":   {two, sealed(one), []string{one.ID(), two.ID()}},
		"no key":        {nil, sealed(one), []string{one.ID(), "none"}},
		"not encrypted": {one, sealed(nil), []string{one.ID(), "not encrypted"}},
	} {
		_, err := decode(c.ours, "w", c.data, nil)
		if !errors.Is(err, ErrKey) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, part := range append(c.says, "terraform: state-key", "all launchers") {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q does not say %q", name, err, part)
			}
		}
	}
}

func TestHostileHeaders(t *testing.T) {
	valid, err := sealDocument(nil, "w", example)
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := bytes.Cut(valid.data, []byte("\n"))
	for name, line := range map[string]string{
		"newer format":        `{"format":3,"size":1}`,
		"no backend":          `{"format":2,"size":1}`,
		"backend, old format": `{"format":1,"size":1,"backend":"http"}`,
		"no format":           `{"size":1}`,
		"negative size":       `{"format":1,"size":-1}`,
		"large size":          `{"format":1,"size":100000000}`,
		"huge size":           `{"format":1,"size":1e300}`,
		"unknown cipher":      `{"format":1,"size":1,"cipher":"rot13","key":"x"}`,
		"chunks and body":     `{"format":1,"size":1,"chunks":{"generation":"0123456789abcdef","count":1,"size":1}}`,
		"not JSON":            `format 1`,
		"a list":              `[1]`,
		"long":                `{"format":1,"size":1,"provider":"` + strings.Repeat("x", maxHeader) + `"}`,
		"run of nonsense":     `{"format":1,"size":1,"run":{"kind":"x","within":"soon"}}`,
		"run before the end":  `{"format":1,"size":1,"run":{"kind":"x","within":"-1s"}}`,
	} {
		if _, err := decode(nil, "w", append([]byte(line+"\n"), body...), nil); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for name, chunks := range map[string]string{
		"climbing generation": `{"generation":"../../../../x123","count":1,"size":1}`,
		"short generation":    `{"generation":"00","count":1,"size":1}`,
		"no chunks":           `{"generation":"0123456789abcdef","count":0,"size":0}`,
		"too many":            `{"generation":"0123456789abcdef","count":1000000,"size":1}`,
		"too large":           `{"generation":"0123456789abcdef","count":1398102,"size":1099511627776}`,
		"negative":            `{"generation":"0123456789abcdef","count":-1,"size":-1}`,
	} {
		if _, _, _, err := parseHeader([]byte(`{"format":1,"size":1,"chunks":` + chunks + "}\n")); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// A few bytes that decompress to very many.
func TestDecompressionBomb(t *testing.T) {
	bomb, err := deflate(nil, make([]byte, 50<<20))
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{0, 1, 1000, 50<<20 - 1} {
		if _, err := inflate(bomb, size); err == nil {
			t.Errorf("%d bytes were announced and 50 MiB accepted", size)
		}
	}
	small, err := deflate(nil, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	allocated := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := inflate(small, maxPlain); err == nil {
				b.Fatal("64 MiB were announced and one byte accepted")
			}
		}
	}).AllocedBytesPerOp()
	if allocated > 100_000 {
		t.Errorf("%d bytes of memory for a claim", allocated)
	}
}

func TestUnpackRefuses(t *testing.T) {
	entry := func(name string) []byte { return appendSized(appendSized(nil, name), "data") }
	for name, packed := range map[string][]byte{
		"another folder": entry("../x"), "a path": entry("a/b"), "no name": entry(""), "a dot": entry("."),
		"two of a name": append(entry("a"), entry("a")...), "no order": append(entry("b"), entry("a")...),
		"cut": entry("a")[:4], "length of 2^63": append([]byte{1, 'a'}, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f),
		"endless length": bytes.Repeat([]byte{0xff}, 20),
	} {
		if files, err := unpack(packed); err == nil {
			t.Errorf("%s: accepted as %q", name, files)
		}
	}
	var many []byte
	for i := range maxFiles + 1 {
		many = append(many, entry(fmt.Sprintf("f%06d", i))...)
	}
	if _, err := unpack(many); err == nil {
		t.Error("too many files: accepted")
	}
}

// Hostile bytes give an error or a document that could have been written; never a panic.
func FuzzDecode(f *testing.F) {
	k := testKey(f, "correct horse battery")
	for _, key := range []*Key{nil, k} {
		s, err := sealDocument(key, "w", example)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(s.data)
	}
	f.Add([]byte(`{"format":1,"size":1,"chunks":{"generation":"0123456789abcdef","count":1,"size":1}}` + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, key := range []*Key{nil, k} {
			d, err := decode(key, "w", data, nil)
			if err != nil {
				continue
			}
			if _, err := sealDocument(key, "w", d); err != nil {
				t.Errorf("read what cannot be written: %v", err)
			}
		}
	})
}

// The checksum stops most of what FuzzDecode makes up, so what lies behind it has a test of its own.
func FuzzUnpack(f *testing.F) {
	f.Add(pack(example.Files))
	f.Fuzz(func(t *testing.T, packed []byte) {
		files, err := unpack(packed)
		if err != nil {
			return
		}
		again, err := unpack(pack(files))
		if err != nil || cmp.Diff(files, again) != "" {
			t.Errorf("another list of files: %v", err)
		}
	})
}

func FuzzInflate(f *testing.F) {
	compressed, err := deflate(nil, example.Files["terraform.tfstate"])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(compressed, 600)
	f.Fuzz(func(t *testing.T, compressed []byte, size int) {
		if size < 0 || size > 1<<16 {
			return // parseHeader refuses the like
		}
		if plain, err := inflate(compressed, size); err == nil && len(plain) != size {
			t.Errorf("%d bytes, announced were %d", len(plain), size)
		}
	})
}
