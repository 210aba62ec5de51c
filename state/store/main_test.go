package store_test

import (
	"testing"

	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver/zktest"
)

func TestMain(m *testing.M) { zktest.Main(m) }
