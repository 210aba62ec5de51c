package zuul

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"
)

//go:embed driver.py invariants.py soak.py zuulsystem.py
var scripts embed.FS

// Scripts writes the Python scripts into dir, which must not hold them yet, and returns the
// paths of driver.py and soak.py. Run them with the Python that Venv returns.
func Scripts(dir string) (driver, soak string, err error) {
	if err := os.CopyFS(dir, scripts); err != nil {
		return "", "", fmt.Errorf("write Zuul's driver scripts: %w", err)
	}
	return filepath.Join(dir, "driver.py"), filepath.Join(dir, "soak.py"), nil
}
