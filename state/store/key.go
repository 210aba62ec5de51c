package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"golang.org/x/crypto/scrypt"
)

// ErrKey means that something in ZooKeeper was encrypted with another key than ours, or only one side has a key.
var ErrKey = errors.New("not the key of this launcher")

// shortestSecret is what NewKey takes, in bytes. Whoever can read ZooKeeper can try secrets at leisure.
const shortestSecret = 16

const (
	nonceSize = 12
	tagSize   = 16
)

// Key encrypts copies. It is made of the `terraform: state-key` that all launchers of a tree share.
type Key struct {
	id     string
	secret []byte
}

// NewKey derives a key, which takes about 0.1 s and 32 MiB once. All launchers must use the same salt, which need not
// be secret.
func NewKey(secret string, salt []byte) (*Key, error) {
	if len(secret) < shortestSecret {
		return nil, fmt.Errorf("state-key has %d characters, at least %d are needed; make one with: openssl rand -base64 32",
			len(secret), shortestSecret)
	}
	master, err := scrypt.Key([]byte(secret), salt, 1<<15, 8, 1, 32)
	if err != nil {
		return nil, err
	}
	return &Key{
		id:     hex.EncodeToString(derive(master, "nodepool-tf key id")[:6]),
		secret: derive(master, "nodepool-tf encryption"),
	}, nil
}

// ID tells keys apart and gives nothing away.
func (k *Key) ID() string { return k.id }

// KeyID names the key that the copies of a Store are encrypted with, "" for none.
func (st *Store) KeyID() string {
	if st.key == nil {
		return ""
	}
	return st.key.ID()
}

// String keeps the secret out of logs.
func (k *Key) String() string { return "key " + k.id }

// GoString does the same for %#v.
func (k *Key) GoString() string { return k.String() }

func derive(secret []byte, purpose string) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(purpose))
	return mac.Sum(nil)
}

// aead is the cipher for one place. Each has a key of its own: random nonces repeat too soon for one key that all
// writes of a large fleet share for years.
func (k *Key) aead(place string) (cipher.AEAD, error) {
	block, err := aes.NewCipher(derive(k.secret, place))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// seal returns nonce, encrypted body and tag. Only open with the same place and header gets it back.
func (k *Key) seal(place string, header, body []byte) ([]byte, error) {
	aead, err := k.aead(place)
	if err != nil {
		return nil, err
	}
	out := make([]byte, nonceSize, nonceSize+len(body)+tagSize)
	if _, err := rand.Read(out); err != nil {
		return nil, err
	}
	return aead.Seal(out, out, body, header), nil
}

func (k *Key) open(place string, header, sealed []byte) ([]byte, error) {
	if len(sealed) < nonceSize+tagSize {
		return nil, errors.New("the encrypted part is cut short")
	}
	aead, err := k.aead(place)
	if err != nil {
		return nil, err
	}
	body, err := aead.Open(nil, sealed[:nonceSize], sealed[nonceSize:], header)
	if err != nil {
		return nil, errors.New("it was changed, or was written for another place: the encryption does not match")
	}
	return body, nil
}

// sumSize is how much of a SHA-256 stands in front of what is not encrypted.
const sumSize = 16

// sum finds accidents where there is no key. Against somebody who writes into ZooKeeper only a key helps.
func sum(place string, header, body []byte) []byte {
	h := sha256.New()
	h.Write(appendSized(nil, place))
	h.Write(appendSized(nil, header))
	h.Write(body)
	return h.Sum(nil)[:sumSize]
}
