package store

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	format = 1
	// formatElsewhere is that of a document whose state lies in a backend: a version that does not know it must not take
	// the workspace for an empty one.
	formatElsewhere = 2
	newestFormat    = formatElsewhere

	cipherGCM = "aes-256-gcm"

	maxHeader = 64 << 10
	maxStored = maxPlain + 1<<20 // incompressible files grow a little

	// largestInline is the body that still goes into one znode with its header, in one transaction.
	largestInline = 768 << 10
	// chunkSize is smaller: a ZooKeeper server keeps its last 500 transactions in memory, some of it more than once, so
	// large ones in a row could take all of its heap.
	chunkSize = 256 << 10
)

// header is the first line of a document or blob.
type header struct {
	Format   int        `json:"format"`
	Provider string     `json:"provider,omitempty"`
	Engine   string     `json:"engine,omitempty"`
	Base     string     `json:"base,omitempty"`
	Serial   uint64     `json:"serial,omitempty"`
	Backend  string     `json:"backend,omitempty"`
	Run      *runHeader `json:"run,omitempty"`
	Cipher   string     `json:"cipher,omitempty"` // "" for none
	Key      string     `json:"key,omitempty"`
	Size     int        `json:"size"` // of the content, not compressed
	Chunks   *chunks    `json:"chunks,omitempty"`
}

type runHeader struct {
	Kind   string `json:"kind"`
	Within string `json:"within"` // as time.Duration prints it
}

// chunks says where the body is when it is not behind the header.
type chunks struct {
	Generation string `json:"generation"`
	Count      int    `json:"count"`
	Size       int    `json:"size"` // of all together
}

func (c *chunks) name(i int) string { return fmt.Sprintf("%s-%d", c.Generation, i) }

// sealed is what goes into ZooKeeper: one znode, and its children if there are chunks.
type sealed struct {
	data   []byte // header and, without chunks, body
	chunks *chunks
	body   []byte // with chunks
}

func (s *sealed) chunk(i int) []byte { return s.body[i*chunkSize : min((i+1)*chunkSize, len(s.body))] }

// seal compresses and encrypts content for one place. key may be nil.
func seal(key *Key, place string, h header, content []byte) (*sealed, error) {
	if len(content) > maxPlain {
		return nil, fmt.Errorf("%d bytes, at most %d can be kept", len(content), maxPlain)
	}
	compressed, err := deflate(make([]byte, 0, len(content)/2+64), content)
	if err != nil {
		return nil, err
	}
	h.Format, h.Size = format, len(content)
	if h.Backend != "" {
		h.Format = formatElsewhere
	}
	size := sumSize + len(compressed)
	if key != nil {
		h.Cipher, h.Key = cipherGCM, key.id
		size = nonceSize + len(compressed) + tagSize
	}
	if size > largestInline {
		h.Chunks = &chunks{Generation: newGeneration(), Count: (size + chunkSize - 1) / chunkSize, Size: size}
	}
	line, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	if line = append(line, '\n'); len(line) > maxHeader {
		return nil, fmt.Errorf("a header of %d bytes, at most %d can be kept", len(line), maxHeader)
	}
	var body []byte
	if key == nil {
		body = append(sum(place, line, compressed), compressed...)
	} else if body, err = key.seal(place, line, compressed); err != nil {
		return nil, err
	}
	if h.Chunks != nil {
		return &sealed{data: line, chunks: h.Chunks, body: body}, nil
	}
	return &sealed{data: append(line, body...)}, nil
}

func newGeneration() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// errEmpty is a znode whose chunks were never completed: there is nothing in it yet.
var errEmpty = errors.New("it was never completed")

// parseHeader splits what a znode holds. The line includes its end.
func parseHeader(data []byte) (h header, line, inline []byte, err error) {
	if len(data) == 0 {
		return h, nil, nil, errEmpty
	}
	end := bytes.IndexByte(data[:min(len(data), maxHeader)], '\n')
	if end < 0 {
		return h, nil, nil, errors.New("it has no header line")
	}
	line, inline = data[:end+1], data[end+1:]
	if err := json.Unmarshal(line, &h); err != nil {
		return h, nil, nil, fmt.Errorf("its header: %w", err)
	}
	return h, line, inline, h.check(inline)
}

func (h *header) check(inline []byte) error {
	switch {
	case h.Format > newestFormat:
		return fmt.Errorf("it has format %d, this version knows %d: upgrade this launcher", h.Format, newestFormat)
	case (h.Format == formatElsewhere) != (h.Backend != ""):
		return errors.New("its format and where its state is do not go together")
	case h.Format < 1:
		return fmt.Errorf("it has format %d, which does not exist", h.Format)
	case h.Size < 0 || h.Size > maxPlain:
		return fmt.Errorf("its size %d is not between 0 and %d", h.Size, maxPlain)
	case h.Cipher != "" && h.Cipher != cipherGCM:
		return fmt.Errorf("it is encrypted with %.40q, this version knows %s: upgrade this launcher", h.Cipher, cipherGCM)
	}
	if c := h.Chunks; c != nil {
		_, err := hex.DecodeString(c.Generation)
		if err != nil || len(c.Generation) != 16 || c.Size < 1 || c.Size > maxStored ||
			c.Count != (c.Size+chunkSize-1)/chunkSize || len(inline) > 0 {
			return errors.New("its header describes impossible chunks")
		}
	}
	return nil
}

// unseal is the inverse of seal.
func unseal(key *Key, place string, h header, line, body []byte) ([]byte, error) {
	compressed, err := unlock(key, place, h, line, body)
	if err != nil {
		return nil, err
	}
	return inflate(compressed, h.Size)
}

const sameKey = "the secure files of all launchers need the same `terraform: state-key`"

func unlock(key *Key, place string, h header, line, body []byte) ([]byte, error) {
	switch {
	case h.Cipher == "" && key != nil:
		// Taking it would make the key worthless: whoever writes into ZooKeeper could leave out the encryption.
		return nil, fmt.Errorf("%w: it is not encrypted and this launcher has key %s; %s (a launcher that has it "+
			"encrypts its own copies at their next write)", ErrKey, key.id, sameKey)
	case h.Cipher != "" && key == nil:
		return nil, fmt.Errorf("%w: it is encrypted with key %.40q and this launcher has none; %s", ErrKey, h.Key, sameKey)
	case h.Cipher != "" && h.Key != key.id:
		return nil, fmt.Errorf("%w: it is encrypted with key %.40q and this launcher has %s; %s", ErrKey, h.Key, key.id, sameKey)
	case h.Cipher != "":
		return key.open(place, line, body)
	case len(body) < sumSize || !bytes.Equal(body[:sumSize], sum(place, line, body[sumSize:])):
		return nil, errors.New("it was changed or cut short: the checksum does not match")
	}
	return body[sumSize:], nil
}

func workspacePlace(id string) string    { return "workspace\x00" + id }
func blobPlace(kind, name string) string { return strings.Join([]string{"blob", kind, name}, "\x00") }

// sealDocument is seal for a document.
func sealDocument(key *Key, id string, d Document) (*sealed, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	h := header{Provider: d.Provider, Engine: d.Engine, Base: d.Base, Serial: d.Serial, Backend: d.Backend}
	if d.Run != nil {
		h.Run = &runHeader{Kind: d.Run.Kind, Within: d.Run.Within.String()}
	}
	return seal(key, workspacePlace(id), h, pack(d.Files))
}

// document is what a header tells of a document: all but the files.
func (h *header) document() (Document, error) {
	d := Document{Provider: h.Provider, Engine: h.Engine, Base: h.Base, Serial: h.Serial, Backend: h.Backend}
	if h.Run != nil {
		within, err := time.ParseDuration(h.Run.Within)
		if err != nil || within < 0 {
			return Document{}, fmt.Errorf("its run cannot end within %.40q", h.Run.Within)
		}
		d.Run = &Run{Kind: h.Run.Kind, Within: within}
	}
	return d, nil
}

// unsealDocument is the inverse of sealDocument, for a header that was parsed.
func unsealDocument(key *Key, id string, h header, line, body []byte) (Document, error) {
	d, err := h.document()
	if err != nil {
		return Document{}, err
	}
	packed, err := unseal(key, workspacePlace(id), h, line, body)
	if err != nil {
		return Document{}, err
	}
	d.Files, err = unpack(packed)
	return d, err
}
