package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// books is the folder that remembers what exists: <id>.server for each server, with its name in it. A file
// <name>.refuse makes deleting servers of that name fail with its text.
type books string

func (b books) path(id string) string { return filepath.Join(string(b), id+".server") }

func (b books) enter(id, name string) error {
	return os.WriteFile(b.path(id), []byte(name), 0o600)
}

func (b books) strike(id, name string) error {
	if text, err := os.ReadFile(filepath.Join(string(b), name+".refuse")); err == nil {
		return errors.New(strings.TrimSpace(string(text)))
	}
	if err := os.Remove(b.path(id)); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("strike %s from the books: %w", id, err)
	}
	return nil
}

func (b books) has(id string) bool {
	_, err := os.Stat(b.path(id))
	return err == nil
}
